"""Le livre des effacements : hors de la base, pour qu'une sauvegarde restaurée n'efface pas un effacement.

Une ligne par effacement, désigné par une empreinte à clé de l'identifiant, jamais réemployé : le rejouer ne
peut toucher personne d'autre. « annonce » s'écrit avant la validation, « fait » après. Entre les deux, une
panne laisse un doute, et une personne tranche.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_core.contrat.resultats import Anomalie
from ent_core.identite.modeles import Personne
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import OperationRefusee
from ent_core.vie_privee.droits.modeles import Effacement

__all__ = ["LigneDuLivre", "Livre", "Manquants", "anomalies", "inscrire_absente", "manquants"]

_LOT = 5000


@dataclass(frozen=True, slots=True)
class LigneDuLivre:
    """Un effacement, tel que le livre le dit.

    :param fait: faux s'il n'est qu'annoncé.
    :param cle: repère de la clé qui a fait le jeton.
    """

    id: UUID
    jeton: str
    fondement: str
    traitements: tuple[str, ...]
    uai: str | None
    le: str
    cle: str
    fait: bool = False


@dataclass(frozen=True, slots=True)
class Manquants:
    """Ce que le livre dit et que la base ne sait pas.

    :param faits: à rejouer.
    :param douteux: annoncés, sans que l'on sache s'ils ont été faits.
    """

    faits: tuple[LigneDuLivre, ...] = ()
    douteux: tuple[LigneDuLivre, ...] = ()


@dataclass(frozen=True, slots=True)
class Livre:
    """Le fichier, une ligne par fait ; on y ajoute, on n'y change rien.

    :param chemin: hors de la base, et sauvegardé à part.
    :param cle: clé des jetons.
    """

    chemin: Path
    cle: bytes = field(repr=False)

    @property
    def repere(self) -> str:
        """Ce qui dit de quelle clé viennent les jetons, sans rien en révéler."""
        return hashlib.sha256(b"livre des effacements" + self.cle).hexdigest()[:12]

    def jeton(self, personne: UUID) -> str:
        """Empreinte à clé d'un identifiant.

        :param personne: personne effacée.
        """
        return hmac.new(self.cle, personne.bytes, hashlib.sha256).hexdigest()

    def annoncer(self, inscription: LigneDuLivre) -> None:
        """Écrit ce qui va être fait, avant que la base ne le valide.

        :raises OperationRefusee: le disque refuse ; rien n'est effacé.
        """
        self._ajouter(
            {
                "etat": "annonce", "id": str(inscription.id), "jeton": inscription.jeton,
                "fondement": inscription.fondement, "traitements": list(inscription.traitements),
                "uai": inscription.uai, "le": inscription.le, "cle": inscription.cle,
            }
        )  # fmt: skip

    def confirmer(self, identifiant: UUID, etat: str = "fait", *, cles: int | None = None) -> None:
        """Écrit que la base l'a validé, ou qu'elle y a renoncé.

        :param etat: ``fait`` ou ``abandon``.
        :param cles: clés détruites au coffre ; ``None`` si cela reste à faire, ou n'a pas d'objet.
        """
        self._ajouter({"etat": etat, "id": str(identifiant), **({} if cles is None else {"cles": cles})})

    def lire(self) -> list[LigneDuLivre]:
        """Effacements inscrits, dans l'ordre ; une ligne coupée par une panne est passée."""
        if not self.chemin.exists():
            return []
        lues: dict[str, LigneDuLivre] = {}
        for ligne in self.chemin.read_text(encoding="ascii", errors="replace").splitlines():
            try:
                dit = json.loads(ligne)
                match dit["etat"]:
                    case "annonce":
                        lues[dit["id"]] = LigneDuLivre(
                            UUID(dit["id"]), dit["jeton"], dit["fondement"], tuple(dit["traitements"]),
                            dit["uai"], dit["le"], dit["cle"],
                        )  # fmt: skip
                    case "fait":
                        ancienne = lues[dit["id"]]
                        lues[dit["id"]] = LigneDuLivre(
                            ancienne.id, ancienne.jeton, ancienne.fondement, ancienne.traitements,
                            ancienne.uai, ancienne.le, ancienne.cle, fait=True,
                        )  # fmt: skip
                    case "abandon":
                        lues.pop(dit["id"], None)
            except (ValueError, KeyError, TypeError):
                continue
        return list(lues.values())

    def retrouver(self, session: Session, jetons: Sequence[str]) -> dict[str, UUID]:
        """Jeton → personne, parmi celles qui sont dans la base.

        :param session: session de l'académie.
        """
        voulus, trouvees = set(jetons), {}
        for identifiant in session.scalars(select(Personne.id).execution_options(yield_per=_LOT)):
            jeton = self.jeton(identifiant)
            if jeton in voulus:
                trouvees[jeton] = identifiant
        return trouvees

    def _ajouter(self, dit: dict[str, object]) -> None:
        try:
            self.chemin.parent.mkdir(parents=True, exist_ok=True)
            descripteur = os.open(self.chemin, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descripteur, "a", encoding="ascii") as fichier:
                # Une ligne coupée par un disque plein n'avale pas celle-ci.
                fichier.write(f"\n{json.dumps(dit)}\n")
                fichier.flush()
                os.fsync(fichier.fileno())
        except OSError as erreur:
            raise OperationRefusee(
                f"le livre des effacements n'a pas pu être écrit ({erreur.strerror}).",
                remede="libérer le disque ou rendre le dossier inscriptible, puis recommencer.",
                lieu=str(self.chemin),
            ) from erreur


def manquants(session: Session, livre: Livre) -> Manquants:
    """Effacements inscrits au livre et absents de la base : elle vient d'une sauvegarde.

    :param session: session de l'académie.
    :raises OperationRefusee: le livre a été tenu avec une autre clé.
    """
    inscrites = livre.lire()
    connus = set(session.scalars(select(Effacement.id))) if inscrites else set()
    absentes = [i for i in inscrites if i.id not in connus]
    if any(i.cle != livre.repere for i in absentes):
        raise OperationRefusee(
            "le livre des effacements a été tenu avec une autre clé secrète : il ne désigne plus personne.",
            remede="restaurer la clé de l'instance (cle_secrete) qui va avec ce livre.",
            lieu=str(livre.chemin),
        )
    return Manquants(tuple(i for i in absentes if i.fait), tuple(i for i in absentes if not i.fait))


def anomalies(session: Session, livre: Livre) -> list[Anomalie]:
    """Ce qui interdit d'ouvrir : des personnes effacées sont revenues avec une sauvegarde.

    :param session: session de l'académie.
    """
    absents = manquants(session, livre)
    nombre = len(absents.faits) + len(absents.douteux)
    if not nombre:
        return []
    return [
        Anomalie(
            "EFFACE-001",
            str(livre.chemin),
            f"{nombre} effacement(s) du livre ne sont pas dans cette base : elle vient d'une sauvegarde",
            "lancer « ent restauration rejouer » avant d'ouvrir",
        )
    ]


def inscrire_absente(session: Session, horloge: Horloge, inscription: LigneDuLivre) -> None:
    """Note dans la base un effacement dont la personne n'est pas revenue : il n'est plus à rejouer.

    :param session: session de l'académie.
    :param inscription: inscription du livre.
    """
    session.add(
        Effacement(
            id=inscription.id, jeton=inscription.jeton, fondement=inscription.fondement,
            traitements=list(inscription.traitements), uai=inscription.uai, rejoue=True,
            le=horloge.maintenant(),
        )
    )  # fmt: skip
    session.flush()
