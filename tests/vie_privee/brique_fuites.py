"""Une brique faite pour fuir : des absences, une note qu'un seul rôle lit, et des liens sans établissement.

``Absence.note`` est la colonne interdite. ``ailleurs_id`` est une référence sale : sans clé étrangère, elle
peut désigner un lieu de l'autre école ; ``lieu_id``, elle, tient à la clé composée.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKeyConstraint, Index, String, Uuid, and_, func, select
from sqlalchemy.orm import Mapped, Session, column_property, foreign, relationship

from ent_core.brique import (
    Acces,
    Base,
    BaseLegale,
    Categorie,
    Cloisonne,
    Conservation,
    Depart,
    Destinataire,
    Duree,
    FinaliteEnt,
    Permission,
    Population,
    Portee,
    Role,
    Sort,
    Sujet,
    Texte,
    Traitement,
    donnee,
    neutre,
    par_etablissement,
    vers_personne,
)
from ent_core.chargement.decouverte import charger
from ent_core.donnees.migrations import Distribution
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.annuaire import AUTRE, ECOLE, Annuaire, peupler
from ent_core.essais.base import Fabrique
from ent_core.essais.instance import faux_brique
from ent_core.vie_privee.portillon import Portillon
from ent_core.vie_privee.registre import Registre

__all__ = ["BRIQUE", "ICI", "LA_BAS", "Absence", "Lien", "Lieu", "Monde", "ouvrir_monde"]

ICI, LA_BAS = ECOLE, AUTRE
"""L'école en vigueur, et l'autre."""

_TRAITEMENT = Traitement(
    cle="fuites.absences",
    version=1,
    intitule="Absences",
    finalite="Éprouver les fuites.",
    finalite_ent=FinaliteEnt.VIE_SCOLAIRE,
    base=BaseLegale.MISSION_INTERET_PUBLIC,
    textes=("code de l'éducation, article R. 131-5",),
    personnes=frozenset({Population.ELEVE}),
    destinataires=(
        Destinataire(Role.CPE, Portee.ETABLISSEMENT, Acces.ECRIRE),
        Destinataire(Role.ENSEIGNANT, Portee.MES_CLASSES, Acces.ECRIRE),
        Destinataire(Role.ASSISTANT_EDUCATION, Portee.ETABLISSEMENT),
    ),
    conservation=Conservation(
        Depart.SORTIE_ETABLISSEMENT, Duree(mois=1), Sort.SUPPRIMER, autorite=Texte("code de l'éducation")
    ),
)


class Lieu(Cloisonne, Base):
    """Un lieu ; rien de personnel."""

    __tablename__ = "fuites_lieu"
    __cloisonnement__ = par_etablissement()

    nom: Mapped[str] = neutre("nom d'un lieu", String(40))
    absences: Mapped[list[Absence]] = relationship(
        lambda: Absence, back_populates="lieu", passive_deletes=True
    )


class Lien(Base):
    """Association sans classe d'usage ; sa colonne ``lieu_id`` peut, elle aussi, mener ailleurs."""

    __tablename__ = "fuites_lien"
    __traitement__ = "fuites.absences"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("absence_id", par="fuites_absence"),)

    uai: Mapped[str] = neutre("établissement", String(8), primary_key=True)
    absence_id: Mapped[UUID] = neutre("absence", Uuid, primary_key=True)
    lieu_id: Mapped[UUID] = neutre("lieu", Uuid, primary_key=True)

    __table_args__ = (
        ForeignKeyConstraint(
            ["uai", "absence_id"], ["fuites_absence.uai", "fuites_absence.id"], ondelete="CASCADE"
        ),
    )


class Absence(Cloisonne, Base):
    """Une absence ; ``note`` n'est que pour le CPE."""

    __tablename__ = "fuites_absence"
    __traitement__ = "fuites.absences"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("eleve_id"),)

    eleve_id: Mapped[UUID] = vers_personne()
    lieu_id: Mapped[UUID] = neutre("lieu", Uuid)
    ailleurs_id: Mapped[UUID | None] = neutre("lieu, peut-être d'ailleurs", Uuid)
    motif: Mapped[str] = donnee(Categorie.VIE_SCOLAIRE, String(40))
    note: Mapped[str | None] = donnee(Categorie.APPRECIATION, String(80), pour={Role.CPE})
    lieu: Mapped[Lieu] = relationship(back_populates="absences")
    ailleurs: Mapped[Lieu | None] = relationship(
        primaryjoin=lambda: foreign(Absence.ailleurs_id) == Lieu.id, viewonly=True
    )
    lieux: Mapped[list[Lieu]] = relationship(
        secondary="fuites_lien",
        primaryjoin=lambda: and_(Absence.id == foreign(Lien.absence_id), Absence.uai == foreign(Lien.uai)),
        secondaryjoin=lambda: foreign(Lien.lieu_id) == Lieu.id,
    )

    if TYPE_CHECKING:
        lieux_en_tout: Any

    __table_args__ = (
        ForeignKeyConstraint(["uai", "lieu_id"], ["fuites_lieu.uai", "fuites_lieu.id"], ondelete="CASCADE"),
        Index(None, "uai", "lieu_id"),
        Index(None, "eleve_id"),
    )


_LIEUX = Base.metadata.tables["fuites_lieu"]
Absence.lieux_en_tout = column_property(select(func.count(_LIEUX.c.id)).scalar_subquery(), deferred=True)

BRIQUE: ModuleType = faux_brique(
    "fuites",
    ent_modeles=lambda: (Lieu, Lien, Absence),
    ent_migrations=lambda: Path(__file__).parent / "fuites" / "migrations",
    ent_traitements=lambda: (_TRAITEMENT,),
    ent_permissions=lambda: (Permission("fuites.lire", "Lire", {Role.CPE: Portee.ETABLISSEMENT}),),
)


class Monde:
    """Deux écoles remplies ; tout ce qui est là-bas porte la marque « SECRET »."""

    def __init__(
        self, base: BaseDeDonnees, proprietaire: BaseDeDonnees, distributions: list[Distribution]
    ) -> None:
        self.base, self.proprietaire, self.distributions = base, proprietaire, distributions
        with base.academie("essai") as session:
            self.annuaire = peupler(session)
            self.lieux, self.absences = _remplir(session, self.annuaire)


def ouvrir_monde(bases: Fabrique) -> Iterator[Monde]:
    """Une base migrée et remplie, que l'appelant ferme en reprenant l'itérateur.

    :param bases: fabrique de bases d'essai.
    """
    chargement = charger([], {"fuites": BRIQUE})
    adresses = bases.migree(chargement.distributions)
    base, maitre = BaseDeDonnees(adresses.application), BaseDeDonnees(adresses.proprietaire)
    base.portillon = Portillon(Registre.reunir(b.declaration() for b in chargement.briques))
    yield Monde(base, maitre, chargement.distributions)
    base.fermer()
    maitre.fermer()
    bases.retirer(adresses)


def _remplir(session: Session, annuaire: Annuaire) -> tuple[dict[str, UUID], dict[str, UUID]]:
    lieux, absences = {ICI: uuid4(), LA_BAS: uuid4()}, {ICI: uuid4(), LA_BAS: uuid4()}
    for uai, eleve, marque in ((LA_BAS, "eleve_autre", "SECRET"), (ICI, "eleve", "ici")):
        session.add(Lieu(uai=uai, id=lieux[uai], nom=f"Salle {marque}"))
        session.flush()
        session.add(
            Absence(
                uai=uai, id=absences[uai], eleve_id=annuaire[eleve], lieu_id=lieux[uai],
                ailleurs_id=lieux[LA_BAS], motif=f"motif {marque}", note=f"note {marque}",
            )
        )  # fmt: skip
        session.flush()
        session.add(Lien(uai=uai, absence_id=absences[uai], lieu_id=lieux[LA_BAS]))
    # Là-bas, une absence de plus : un compte qui déborde se voit.
    session.add(
        Absence(
            uai=LA_BAS, eleve_id=annuaire["camarade_autre"], lieu_id=lieux[LA_BAS], motif="motif SECRET",
            note="note SECRET",
        )
    )  # fmt: skip
    session.flush()
    return lieux, absences
