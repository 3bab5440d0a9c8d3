"""La chaîne des preuves : numérotée, chaînée, sans nom ; et sa tête, écrite hors de la base.

Une chaîne seule ne prouve rien contre qui peut la récrire en entier, ou en couper la fin. Chaque exécution
ajoute donc la tête à un fichier ; l'exporter ailleurs, sur un support que l'ENT n'atteint pas, l'ancre.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ent_core.contrat.resultats import Anomalie
from ent_core.donnees.base import Base
from ent_core.donnees.en_nombre import inserer
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import OperationRefusee
from ent_core.vie_privee.conservation.modeles import LigneConservation, Preuve

__all__ = [
    "ORIGINE",
    "Tete",
    "Tetes",
    "ajouter_preuve",
    "ajouter_preuves",
    "canonique",
    "empreinte_lignes",
    "lister",
    "verifier",
]

ORIGINE = "0" * 64
"""Ce qui précède la première entrée."""

_VERROU = 0x454E54_505256
_CHAINEES = (
    "numero", "precedente", "nature", "plan_id", "plan", "rang", "regle", "version", "autorite", "sort",
    "objet", "uai", "periode", "nombre", "prevues", "gelees", "disparues", "echeance_min", "echeance_max",
    "lignes", "graine", "instant",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tete:
    """La dernière entrée de la chaîne, à un instant."""

    numero: int
    empreinte: str
    instant: str


@dataclass(frozen=True, slots=True)
class Tetes:
    """Le fichier des têtes, une par ligne ; on y ajoute, on n'y change rien.

    :param chemin: hors de la base ; son dossier est créé au besoin.
    """

    chemin: Path

    def ecrire(self, tete: Tete) -> None:
        """Ajoute une tête, et attend qu'elle soit sur le disque.

        :raises OperationRefusee: disque plein, ou droits absents ; rien de ce qui est éliminé n'est perdu
            de vue : la tête suivante couvre aussi ce qui précède.
        """
        ligne = json.dumps({"numero": tete.numero, "empreinte": tete.empreinte, "instant": tete.instant})
        try:
            self.chemin.parent.mkdir(parents=True, exist_ok=True)
            with self.chemin.open("a", encoding="ascii") as fichier:
                # Une ligne coupée par un disque plein n'avale pas celle-ci ; une ligne vide ne gêne pas.
                fichier.write(f"\n{ligne}\n")
                fichier.flush()
                os.fsync(fichier.fileno())
        except OSError as erreur:
            raise OperationRefusee(
                f"la tête de la chaîne des preuves n'a pas pu être écrite ({erreur.strerror}) ; "
                "ce qui est éliminé l'est, et sa preuve est dans la base.",
                remede="libérer le disque, puis lancer « ent conservation preuves --exporter ».",
                lieu=str(self.chemin),
            ) from erreur

    def lire(self) -> list[Tete]:
        """Têtes écrites ; une ligne coupée est passée, la suivante couvre ce qu'elle disait."""
        if not self.chemin.exists():
            return []
        lues = []
        for ligne in self.chemin.read_text(encoding="ascii", errors="replace").splitlines():
            try:
                valeurs = json.loads(ligne)
                lues.append(Tete(int(valeurs["numero"]), str(valeurs["empreinte"]), str(valeurs["instant"])))
            except (ValueError, KeyError, TypeError):
                continue
        return lues


@dataclass(slots=True)
class _Cumul:
    lots: int = 0
    bilan: Preuve | None = None
    anomalies: list[Anomalie] = field(default_factory=list)


def canonique(valeur: Any) -> bytes:
    """JSON stable : clés triées, sans blanc, dates et identifiants en texte.

    :param valeur: valeur à prendre en empreinte.
    """
    return _STABLE.encode(valeur).encode()


def empreinte_lignes(cle: bytes, identifiants: Iterable[Sequence[Any]]) -> str:
    """Empreinte à clé d'un ensemble d'identifiants ; leur ordre ne compte pas.

    :param cle: clé de l'instance.
    :param identifiants: clé primaire de chaque ligne.
    """
    formes = sorted("|".join(_texte(v) for v in valeurs) for valeurs in identifiants)
    return hmac.new(cle, "\n".join(formes).encode(), hashlib.sha256).hexdigest()


def ajouter_preuve(session: Session, horloge: Horloge, valeurs: Mapping[str, Any]) -> Preuve:
    """Ajoute une entrée à la chaîne, dans la transaction de l'appelant.

    :param session: session de l'académie.
    :param valeurs: colonnes de l'entrée, hors numéro, précédente, instant et empreinte.
    """
    numero = ajouter_preuves(session, horloge, [valeurs])
    return session.get_one(Preuve, numero)


def ajouter_preuves(session: Session, horloge: Horloge, entrees: Sequence[Mapping[str, Any]]) -> int:
    """Ajoute des entrées à la chaîne, dans la transaction de l'appelant ; rend le numéro de la dernière.

    :param session: session de l'académie.
    :param entrees: de chacune, les colonnes, hors numéro, précédente, instant et empreinte.
    """
    session.execute(select(func.pg_advisory_xact_lock(_VERROU)))
    derniere = session.execute(
        select(Preuve.numero, Preuve.empreinte).order_by(Preuve.numero.desc()).limit(1)
    ).one_or_none()
    numero, precedente = (0, ORIGINE) if derniere is None else (derniere.numero, derniere.empreinte)
    instant = horloge.maintenant()
    rangees: list[dict[str, Any]] = []
    for valeurs in entrees:
        numero += 1
        rangee = {
            "prevues": 0, "gelees": 0, "disparues": 0, "graine": "", **valeurs,
            "numero": numero, "precedente": precedente, "instant": instant,
        }  # fmt: skip
        precedente = rangee["empreinte"] = _condenser(rangee)
        rangees.append(rangee)
    inserer(session, Base.metadata.tables[Preuve.__tablename__], rangees)
    return numero


def tete(session: Session) -> Tete | None:
    """Dernière entrée de la chaîne.

    :param session: session de l'académie.
    """
    derniere = session.scalars(select(Preuve).order_by(Preuve.numero.desc()).limit(1)).one_or_none()
    return None if derniere is None else Tete(derniere.numero, derniere.empreinte, _texte(derniere.instant))


def lister(
    session: Session, plan_id: UUID | None = None, *, uai: str | None = None, limite: int = 200
) -> list[Preuve]:
    """Entrées, de la plus récente à la plus ancienne.

    :param session: session de l'académie.
    :param plan_id: celles d'un plan, ou toutes.
    :param uai: celles d'un établissement, ou toutes.
    :param limite: nombre maximal.
    """
    enonce = select(Preuve).order_by(Preuve.numero.desc()).limit(limite)
    if plan_id is not None:
        enonce = enonce.where(Preuve.plan_id == plan_id)
    if uai is not None:
        enonce = enonce.where(Preuve.uai == uai)
    return list(session.scalars(enonce))


def verifier(session: Session, tetes: Iterable[Tete]) -> list[Anomalie]:
    """Vérifie la chaîne entière, ses têtes, et ses nombres contre les plans.

    :param session: session de l'académie.
    :param tetes: têtes écrites hors de la base.
    :returns: chaque défaut ; vide, la chaîne est intacte.
    """
    attendues = {t.numero: t.empreinte for t in tetes}
    anomalies: list[Anomalie] = []
    precedente, attendu = ORIGINE, 1
    cumuls: dict[tuple[UUID, int], _Cumul] = {}
    entieres: Counter[_Entiere] = Counter()
    for preuve in session.scalars(select(Preuve).order_by(Preuve.numero).execution_options(yield_per=1000)):
        lieu = f"preuve n° {preuve.numero}"
        if preuve.numero != attendu:
            anomalies.append(_rompue(lieu, f"le n° {attendu} manque : la suite des numéros est rompue"))
        if preuve.precedente != precedente:
            anomalies.append(_rompue(lieu, "elle ne suit pas l'entrée qui la précède"))
        if preuve.empreinte != _empreinte(preuve):
            anomalies.append(_rompue(lieu, "son contenu n'est plus celui de son empreinte"))
        if attendues.get(preuve.numero, preuve.empreinte) != preuve.empreinte:
            anomalies.append(_rompue(lieu, "une tête écrite hors de la base la contredit : chaîne récrite"))
        precedente, attendu = preuve.empreinte, preuve.numero + 1
        # Ce qui part avec un élève n'est d'aucun plan : il n'y a rien à quoi comparer son nombre.
        if preuve.nature == "annee":
            entieres[_annee(preuve)] += preuve.nombre
        elif preuve.plan_id is not None:
            cumul = cumuls.setdefault((preuve.plan_id, preuve.rang), _Cumul())
            if preuve.nature == "bilan":
                cumul.bilan = preuve
            else:
                cumul.lots += preuve.nombre
        session.expunge(preuve)
    if attendues and max(attendues) >= attendu:
        anomalies.append(
            _rompue(f"preuve n° {max(attendues)}", "une tête écrite hors de la base la cite : fin coupée")
        )
    return [*anomalies, *_nombres(session, cumuls, entieres)]


_Entiere = tuple[UUID | None, str, int | None]
"""Plan, table, année : une année partie d'un coup."""


def _annee(preuve: Preuve) -> _Entiere:
    return preuve.plan_id, preuve.objet, preuve.periode


def _nombres(
    session: Session, cumuls: Mapping[tuple[UUID, int], _Cumul], entieres: Counter[_Entiere]
) -> Iterable[Anomalie]:
    reste = Counter(entieres)
    prevues = {
        (ligne.plan_id, ligne.rang): ligne.echues
        for ligne in session.scalars(
            select(LigneConservation).where(LigneConservation.plan_id.in_({plan for plan, _ in cumuls}))
        )
    }
    for (plan, rang), cumul in cumuls.items():
        lieu = f"plan {plan}, ligne {rang}"
        voulues = prevues.get((plan, rang))
        if voulues is None:
            yield Anomalie(
                "CONSERV-021", lieu, "la chaîne cite une ligne que le plan n'a pas",
                "retrouver le plan dans une sauvegarde, et prévenir le délégué à la protection des données",
            )  # fmt: skip
        elif cumul.lots > voulues:
            yield _ecart(lieu, f"{cumul.lots} éliminées pour {voulues} annoncées")
        elif cumul.bilan is not None:
            b = cumul.bilan
            if _annee(b) in entieres and not cumul.lots:
                reste[_annee(b)] -= b.nombre
            elif b.nombre != cumul.lots:
                yield _ecart(lieu, f"le bilan dit {b.nombre}, les lots {cumul.lots}")
            if b.prevues != voulues or b.prevues != b.nombre + b.gelees + b.disparues:
                yield _ecart(lieu, "prévues ≠ éliminées + gelées + disparues")
    for entiere, nombre in reste.items():
        if nombre:
            lieu = "plan {}, table {}, année {}".format(*entiere)
            yield _ecart(lieu, f"l'année entière dit {entieres[entiere]}, ses bilans {nombre} de moins")


def _rompue(lieu: str, message: str) -> Anomalie:
    return Anomalie(
        "CONSERV-020", lieu, f"la chaîne est rompue : {message}",
        "comparer avec une sauvegarde et les têtes exportées, et prévenir le DPD",
    )  # fmt: skip


def _ecart(lieu: str, message: str) -> Anomalie:
    return Anomalie(
        "CONSERV-022", lieu, f"les nombres ne s'accordent pas : {message}",
        "comparer avec une sauvegarde, et prévenir le délégué à la protection des données",
    )  # fmt: skip


def _empreinte(preuve: Preuve) -> str:
    return _condenser({nom: getattr(preuve, nom) for nom in _CHAINEES})


def _condenser(valeurs: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonique([valeurs[nom] for nom in _CHAINEES])).hexdigest()


def _texte(valeur: Any) -> str:
    if isinstance(valeur, UUID | str | int):  # les clés, de loin les plus nombreuses
        return str(valeur)
    if isinstance(valeur, datetime):
        return valeur.astimezone(UTC).isoformat()
    if isinstance(valeur, date):
        return valeur.isoformat()
    if isinstance(valeur, bytes | memoryview):
        return bytes(valeur).hex()
    return str(valeur)


_STABLE = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_texte)
