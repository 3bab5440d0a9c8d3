"""Les réponses des établissements, et ce qu'elles permettent.

Une brique agit dans un établissement tant que ses déclarations ne s'élargissent pas au-delà de ce qu'il a
accepté. Sinon elle y est *suspendue* tout entière, comme fermée, jusqu'à une nouvelle réponse : une page
mêle les colonnes de plusieurs traitements, et aucune partie ne se laisserait couper sans risque.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, String, exists, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert as inserer
from sqlalchemy.orm import Session

from ent_core.donnees.base import Base
from ent_core.identite.journal import consigner
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import Introuvable, OperationRefusee
from ent_core.vie_privee.acceptation.modeles import Acceptation, DeclarationSoumise
from ent_core.vie_privee.elargissement import Changement, comparer, elargissements
from ent_core.vie_privee.empreinte import Forme, canonique, empreinte
from ent_core.vie_privee.registre import DeclarationBrique

__all__ = ["ACCEPTEE", "REFUSEE", "Acceptations", "Reponse", "Soumission"]

ACCEPTEE, REFUSEE = "acceptee", "refusee"

_soumise = Base.metadata.tables[DeclarationSoumise.__tablename__]
_acceptation = Base.metadata.tables[Acceptation.__tablename__]
_a = _acceptation.c
_EN_VIGUEUR = _a.remplacee_le.is_(None)


@dataclass(frozen=True, slots=True)
class Soumission:
    """Ce qu'une brique demande à un établissement.

    :param changements: ce qui change depuis ce qu'il a accepté, élargissements d'abord ; vide si rien.
    :param suspendue: vrai si un élargissement attend sa réponse.
    :param refusee_le: quand il a refusé ces mêmes déclarations, s'il l'a fait.
    """

    brique: str
    version: str
    empreinte: str
    changements: tuple[Changement, ...]
    suspendue: bool
    refusee_le: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reponse:
    """Une réponse écrite, pour l'histoire."""

    brique: str
    version: str
    reponse: str
    origine: str
    decidee_par: UUID | None
    decidee_le: datetime


@dataclass(frozen=True, slots=True)
class _Courante:
    version: str
    forme: Forme
    empreinte: str


class Acceptations:
    """Compare ce qui tourne à ce que chaque établissement a accepté.

    :param declarations: déclarations des briques chargées, hors noyau.
    :param versions: version de chaque brique.
    """

    def __init__(self, declarations: Iterable[DeclarationBrique], versions: Mapping[str, str]) -> None:
        self._courantes: dict[str, _Courante] = {}
        for declaration in declarations:
            forme = canonique(declaration)
            self._courantes[declaration.brique] = _Courante(
                versions[declaration.brique], forme, empreinte(forme)
            )
        # Une empreinte ne change pas de sens : ce qu'elle couvre se calcule une fois par processus.
        self._couvertes = {(b, c.empreinte): True for b, c in self._courantes.items()}

    def couvre(self, session: Session, brique: str, acceptee: str | None) -> bool:
        """Vrai si accepter cette empreinte suffit à ce que la brique déclare aujourd'hui.

        :param session: session ouverte ; lue la première fois que l'empreinte se présente.
        :param brique: brique chargée.
        :param acceptee: empreinte acceptée par l'établissement, s'il y en a une.
        """
        if acceptee is None:
            return False
        cle = (brique, acceptee)
        if cle not in self._couvertes:
            self._couvertes[cle] = not elargissements(
                _contenu(session, brique, acceptee), self._courantes[brique].forme
            )
        return self._couvertes[cle]

    def a_l_ouverture(
        self, session: Session, horloge: Horloge, brique: str, uais: Collection[str], par: UUID | None = None
    ) -> None:
        """Note que des établissements acceptent la brique qu'on leur ouvre pour la première fois.

        Fermer puis rouvrir ne vaut pas réponse à un élargissement : la première acceptation demeure.

        :param session: session de l'appelant.
        :param horloge: horloge injectée.
        :param brique: brique chargée.
        :param uais: établissements où elle est ouverte, ou va l'être.
        :param par: personne qui ouvre.
        """
        if not uais:
            return
        self._soumettre(session, horloge, brique)
        la = func.unnest(literal(list(uais), ARRAY(String))).column_valued("la")
        deja = exists().where(_a.uai == la, _a.brique == brique, _a.reponse == ACCEPTEE, _EN_VIGUEUR)
        valeurs = {
            "brique": brique,
            "empreinte": self._courantes[brique].empreinte,
            "reponse": ACCEPTEE,
            "origine": "ouverture",
            "decidee_par": par,
            "decidee_le": horloge.maintenant(),
        }
        lignes = select(la, *(literal(v, _a[nom].type) for nom, v in valeurs.items())).where(~deja)
        # Le chef peut répondre au même instant : sa réponse vaut, et l'ouverture continue.
        session.execute(inserer(_acceptation).from_select(["uai", *valeurs], lignes).on_conflict_do_nothing())

    def acceptees(self, session: Session, brique: str) -> dict[str, str]:
        """Empreinte acceptée par chaque établissement ; un seul énoncé.

        :param session: session de l'académie.
        :param brique: brique chargée.
        """
        siennes = select(_a.uai, _a.empreinte).where(_a.brique == brique, _a.reponse == ACCEPTEE, _EN_VIGUEUR)
        return {uai: empreinte_ for uai, empreinte_ in session.execute(siennes)}

    def soumissions(self, session: Session, uai: str, briques: Iterable[str]) -> list[Soumission]:
        """Où en est l'établissement avec chacune de ces briques.

        :param session: session de l'établissement, ou de l'académie.
        :param uai: établissement.
        :param briques: briques ouvertes dans l'établissement.
        """
        siennes = select(_a.brique, _a.reponse, _a.empreinte, _a.decidee_le).where(_a.uai == uai, _EN_VIGUEUR)
        reponses = {(b, r): (e, quand) for b, r, e, quand in session.execute(siennes)}
        return [
            self._soumission(
                session, brique, reponses.get((brique, ACCEPTEE)), reponses.get((brique, REFUSEE))
            )
            for brique in sorted(briques)
        ]

    def _soumission(
        self,
        session: Session,
        brique: str,
        acceptee: tuple[str, datetime] | None,
        refusee: tuple[str, datetime] | None,
    ) -> Soumission:
        courante = self._courantes[brique]
        avant = {} if acceptee is None else _contenu(session, brique, acceptee[0])
        return Soumission(
            brique,
            courante.version,
            courante.empreinte,
            comparer(avant, courante.forme),
            not self.couvre(session, brique, acceptee[0] if acceptee else None),
            refusee[1] if refusee and refusee[0] == courante.empreinte else None,
        )

    def accepter(
        self, session: Session, horloge: Horloge, brique: str, uai: str, lue: str,
        *, par: UUID | None = None, origine: str = "page",
    ) -> None:  # fmt: skip
        """L'établissement accepte ce qu'il a lu.

        :param session: session de l'établissement, ou de l'académie.
        :param horloge: horloge injectée.
        :param brique: brique chargée.
        :param uai: établissement.
        :param lue: empreinte des déclarations montrées à la personne.
        :param par: personne qui répond.
        :param origine: ``page`` ou ``commande``.
        :raises Introuvable: brique non chargée.
        :raises OperationRefusee: ce qui tourne n'est plus ce que la personne a lu.
        """
        self._repondre(session, horloge, brique, uai, lue, ACCEPTEE, par, origine)

    def refuser(
        self, session: Session, horloge: Horloge, brique: str, uai: str, lue: str,
        *, par: UUID | None = None, origine: str = "page",
    ) -> None:  # fmt: skip
        """L'établissement refuse ce qu'il a lu : la brique y reste suspendue, ses données demeurent.

        :param session: session de l'établissement, ou de l'académie.
        :param horloge: horloge injectée.
        :param brique: brique chargée.
        :param uai: établissement.
        :param lue: empreinte des déclarations montrées à la personne.
        :param par: personne qui répond.
        :param origine: ``page`` ou ``commande``.
        :raises Introuvable: brique non chargée.
        :raises OperationRefusee: ce qui tourne n'est plus ce que la personne a lu, ou est déjà accepté.
        """
        self._repondre(session, horloge, brique, uai, lue, REFUSEE, par, origine)

    def _repondre(
        self, session: Session, horloge: Horloge, brique: str, uai: str, lue: str, reponse: str,
        par: UUID | None, origine: str,
    ) -> None:  # fmt: skip
        courante = self._courantes.get(brique)
        if courante is None:
            raise Introuvable(
                f"la brique « {brique} » n'est pas chargée.", remede="vérifier son identifiant."
            )
        if lue != courante.empreinte:
            raise OperationRefusee(
                "les déclarations de cette brique ont changé depuis l'affichage de la page.",
                remede="relire la page, puis répondre.",
            )
        if reponse == REFUSEE and not self.soumissions(session, uai, [brique])[0].suspendue:
            raise OperationRefusee(
                "il n'y a rien à refuser : ces déclarations ne demandent aucune réponse.",
                remede="fermer la brique si elle ne doit plus servir.",
            )
        maintenant = horloge.maintenant()
        self._soumettre(session, horloge, brique)
        # Accepter clôt tout ce qui précède ; refuser laisse debout ce qui avait été accepté.
        closes = (ACCEPTEE, REFUSEE) if reponse == ACCEPTEE else (REFUSEE,)
        session.execute(
            update(_acceptation)
            .where(
                _a.uai == uai,
                _a.brique == brique,
                _a.reponse.in_(closes),
                _EN_VIGUEUR,
            )
            .values(remplacee_le=maintenant)
        )
        session.execute(
            # Deux réponses ensemble : la première suffit.
            inserer(_acceptation)
            .values(
                uai=uai, brique=brique, empreinte=courante.empreinte, reponse=reponse,
                origine=origine, decidee_par=par, decidee_le=maintenant,
            )
            .on_conflict_do_nothing()
        )  # fmt: skip
        consigner(
            session,
            horloge,
            f"registre.{reponse}",
            uai=uai,
            acteur=par,
            objet=brique,
            details={"empreinte": courante.empreinte, "version": courante.version, "origine": origine},
        )

    def _soumettre(self, session: Session, horloge: Horloge, brique: str) -> None:
        courante = self._courantes[brique]
        session.execute(
            inserer(_soumise)
            .values(
                brique=brique,
                empreinte=courante.empreinte,
                version=courante.version,
                contenu=courante.forme,
                vue_le=horloge.maintenant(),
            )
            .on_conflict_do_nothing()
        )

    def histoire(self, session: Session, uai: str, *, limite: int = 50) -> list[Reponse]:
        """Réponses d'un établissement, la plus récente d'abord.

        :param session: session de l'établissement, ou de l'académie.
        :param uai: établissement.
        :param limite: nombre de réponses.
        """
        enonce = (
            select(_a.brique, _soumise.c.version, _a.reponse, _a.origine, _a.decidee_par, _a.decidee_le)
            .join(_soumise, (_soumise.c.brique == _a.brique) & (_soumise.c.empreinte == _a.empreinte))
            .where(_a.uai == uai)
            .order_by(_a.decidee_le.desc(), _a.id.desc())
            .limit(limite)
        )
        return [Reponse(*ligne) for ligne in session.execute(enonce)]


def _contenu(session: Session, brique: str, empreinte_: str) -> Forme:
    """Déclarations soumises sous cette empreinte ; vides si elles ont disparu : tout est alors à accepter."""
    enonce = select(_soumise.c.contenu).where(_soumise.c.brique == brique, _soumise.c.empreinte == empreinte_)
    trouve: Forme | None = session.execute(enonce).scalar()
    return trouve or {}
