"""La copie d'une demande : relue, fabriquée, tenue prête trente jours, puis détruite par la conservation."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import IO, Any, cast
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as inserer
from sqlalchemy.orm import Session

from ent_core.donnees.base import Base
from ent_core.identite.journal import consigner
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import DonneeInvalide, Introuvable, OperationRefusee
from ent_core.vie_privee.droits.export import Composition, Entete, Pieces, composer, inventorier
from ent_core.vie_privee.droits.lecture import Reference, texte_actuel
from ent_core.vie_privee.droits.modeles import CopieMorceau, CopieRemise, Demande, TexteARelire
from ent_core.vie_privee.registre import Registre

__all__ = [
    "VALIDITE",
    "a_relire",
    "copie_de",
    "fabriquer",
    "morceaux",
    "noter_telechargement",
    "preparer_relecture",
    "relire",
    "relus",
    "texte",
]

VALIDITE = timedelta(days=30)
_MORCEAU = 256 * 1024


class _Ecrivain:
    """Un fichier où l'on ne fait qu'écrire ; chaque morceau plein devient une ligne."""

    def __init__(self, session: Session, uai: str, copie_id: UUID) -> None:
        self._session, self._cles = session, {"uai": uai, "copie_id": copie_id}
        self._tampon = bytearray()
        self._rang = 0
        self.taille = 0
        self.empreinte = hashlib.sha256()

    def write(self, octets: bytes) -> int:
        self._tampon += octets
        self.taille += len(octets)
        self.empreinte.update(octets)
        while len(self._tampon) >= _MORCEAU:
            self._poser(_MORCEAU)
        return len(octets)

    def flush(self) -> None:
        """Le ZIP le demande ; un morceau incomplet attend la suite."""

    def finir(self) -> None:
        if self._tampon:
            self._poser(len(self._tampon))

    def _poser(self, nombre: int) -> None:
        octets = bytes(self._tampon[:nombre])
        del self._tampon[:nombre]
        self._session.execute(insert(CopieMorceau), [{**self._cles, "rang": self._rang, "octets": octets}])
        self._rang += 1


def preparer_relecture(session: Session, registre: Registre, demande: Demande) -> int:
    """Relève les textes libres à relire ; peut être refait, sans perdre ce qui est déjà relu.

    :param session: session de l'académie.
    :param demande: demande d'accès.
    :returns: nombre de textes encore à relire.
    """
    personne = _concernee(demande)
    lot: list[dict[str, Any]] = []
    for reference in inventorier(session, registre, personne, demande.uai):
        lot.append(
            {"uai": demande.uai, "demande_id": demande.id, "objet": reference.table,
             "ligne": reference.ligne, "colonne": reference.colonne}
        )  # fmt: skip
    for debut in range(0, len(lot), 500):
        session.execute(
            inserer(TexteARelire).values(lot[debut : debut + 500]).on_conflict_do_nothing(
                index_elements=["uai", "demande_id", "objet", "ligne", "colonne"]
            )
        )  # fmt: skip
    return a_relire(session, demande)


def a_relire(session: Session, demande: Demande) -> int:
    """Nombre de textes qui attendent une relecture.

    :param session: session de l'académie, ou de l'établissement.
    """
    return session.scalar(_de(demande, select(func.count(TexteARelire.id))).where(_ATTEND)) or 0


def texte(session: Session, demande: Demande) -> tuple[TexteARelire, str] | None:
    """Le prochain texte à relire, lu à sa place ; ceux qui ont disparu depuis sont passés.

    :param session: session de l'académie.
    """
    for suivant in session.scalars(
        _de(demande, select(TexteARelire)).where(_ATTEND).order_by(TexteARelire.id)
    ):
        lu = texte_actuel(session, Base.metadata.tables[suivant.objet], _reference(suivant))
        if lu is not None:
            return suivant, lu
        suivant.etat = "retenu"
    return None


def relire(
    session: Session, horloge: Horloge, demande: Demande, texte_id: UUID, remis: str | None, par: UUID | None
) -> None:
    """Décide d'un texte : remis tel que la personne qui relit le laisse, ou retenu.

    :param session: session de l'académie, ou de l'établissement.
    :param remis: ce qui sera dans la copie, les noms d'autrui ôtés ; ``None`` pour retenir.
    :param par: personne qui relit.
    :raises Introuvable: ce texte n'est pas de cette demande.
    """
    trouve = session.get(TexteARelire, (demande.uai, texte_id))
    if trouve is None or trouve.demande_id != demande.id:
        raise Introuvable("ce texte n'est pas de cette demande.", remede="rafraîchir la page.")
    if remis is not None and not 0 < len(remis) <= 20000:
        raise DonneeInvalide(
            "ce texte est vide, ou trop long.", remede="le remettre en partie, ou le retenir."
        )
    trouve.etat, trouve.remis = ("retenu", None) if remis is None else ("remis", remis)
    trouve.relu_par = par
    consigner(
        session, horloge, "texte.relu", uai=demande.uai, acteur=par, objet=str(demande.id),
        details={"etat": trouve.etat},
    )  # fmt: skip


def relus(session: Session, demande: Demande) -> dict[Reference, str | None]:
    """Ce que la relecture a décidé.

    :param session: session de l'académie, ou de l'établissement.
    """
    trouves = session.scalars(_de(demande, select(TexteARelire)).where(~_ATTEND))
    return {_reference(t): t.remis for t in trouves}


def fabriquer(
    session: Session, horloge: Horloge, registre: Registre, demande: Demande, entete: Entete,
    pieces: Pieces, par: UUID | None,
) -> tuple[CopieRemise, Composition]:  # fmt: skip
    """Fabrique la copie et la tient prête ; elle remplace la précédente.

    :param session: session de l'académie.
    :param demande: demande d'accès ou de portabilité.
    :param par: personne qui instruit.
    :raises OperationRefusee: des textes attendent une relecture.
    """
    reste = preparer_relecture(session, registre, demande)
    if reste:
        raise OperationRefusee(
            f"{reste} texte(s) attendent une relecture.", remede="les remettre ou les retenir, un par un."
        )
    session.execute(
        delete(CopieRemise).where(CopieRemise.uai == demande.uai, CopieRemise.demande_id == demande.id)
    )
    expire = horloge.aujourd_hui() + VALIDITE
    copie = CopieRemise(
        uai=demande.uai, demande_id=demande.id, creee_le=horloge.maintenant(), expire_le=expire, taille=0,
        empreinte="",
    )  # fmt: skip
    session.add(copie)
    session.flush()
    sortie = _Ecrivain(session, demande.uai, copie.id)
    bilan = composer(
        session, registre, _concernee(demande), cast("IO[bytes]", sortie), entete,
        pieces=pieces, relus=relus(session, demande),
    )  # fmt: skip
    sortie.finir()
    copie.taille, copie.empreinte = sortie.taille, sortie.empreinte.hexdigest()
    # Les textes relus partent avec la copie.
    session.execute(
        update(TexteARelire)
        .where(TexteARelire.uai == demande.uai, TexteARelire.demande_id == demande.id)
        .values(expire_le=expire)
    )
    session.flush()
    consigner(
        session, horloge, "copie.fabriquee", uai=demande.uai, acteur=par, objet=str(demande.id),
        details={"octets": copie.taille, "lignes": sum(bilan.lignes.values()), "retenus": bilan.retenus},
    )  # fmt: skip
    return copie, bilan


def copie_de(session: Session, horloge: Horloge, demande: Demande) -> CopieRemise | None:
    """Copie prête, si elle n'est pas périmée.

    :param session: session de l'académie, ou de l'établissement.
    """
    return session.scalars(
        _de(demande, select(CopieRemise), CopieRemise)
        .where(CopieRemise.expire_le > horloge.aujourd_hui())
        .order_by(CopieRemise.id.desc())
        .limit(1)
    ).one_or_none()


def morceaux(session: Session, copie: CopieRemise) -> Iterator[bytes]:
    """Octets de la copie, dans l'ordre.

    :param session: session de l'académie, ou de l'établissement.
    """
    lus = session.scalars(
        select(CopieMorceau.octets)
        .where(CopieMorceau.uai == copie.uai, CopieMorceau.copie_id == copie.id)
        .order_by(CopieMorceau.rang)
        .execution_options(yield_per=4)
    )
    for octets in lus:
        yield bytes(octets)


def noter_telechargement(
    session: Session, horloge: Horloge, demande: Demande, copie: CopieRemise, par: UUID
) -> None:
    """Compte un téléchargement et le consigne.

    :param par: personne qui télécharge.
    """
    copie.telechargements += 1
    consigner(
        session, horloge, "copie.telechargee", uai=demande.uai, acteur=par, objet=str(demande.id),
        details={"rang": copie.telechargements},
    )  # fmt: skip


_ATTEND = TexteARelire.etat == "a_relire"


def _de(demande: Demande, enonce: Any, modele: Any = TexteARelire) -> Any:
    return enonce.where(modele.uai == demande.uai, modele.demande_id == demande.id)


def _reference(trouve: TexteARelire) -> Reference:
    return Reference(trouve.objet, trouve.ligne, trouve.colonne)


def _concernee(demande: Demande) -> UUID:
    if demande.personne_id is None:
        raise OperationRefusee(
            "la personne n'est plus dans l'annuaire.", remede="répondre que rien n'est plus enregistré."
        )
    return demande.personne_id
