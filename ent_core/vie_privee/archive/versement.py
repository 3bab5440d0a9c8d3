"""Le versement aux archives : un paquet que le service d'archives ouvre sans l'ENT, puis son acquittement.

Ce qui est versé reste ici, intact, jusqu'à ce que les archives l'acquittent. L'acquittement vaut autorité :
un plan d'une ligne par année le porte, et la chaîne des preuves dit « versement aux archives ». Ce qu'un gel
suspend reste, jusqu'à ce qu'on enregistre de nouveau le même acquittement, le gel levé.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import IO, Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from ent_core.contrat.donnees import Sort
from ent_core.identite.journal import consigner
from ent_core.identite.tableur.texte import proteger
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import DonneeInvalide, Introuvable, OperationRefusee
from ent_core.vie_privee.archive.lecture import UniteLue, lire
from ent_core.vie_privee.archive.modeles import UniteArchivee, VersementArchive
from ent_core.vie_privee.conservation.approbation import decider
from ent_core.vie_privee.conservation.gels import en_vigueur, partager_verrou
from ent_core.vie_privee.conservation.modeles import LigneConservation, PlanConservation
from ent_core.vie_privee.conservation.plan import conditions, empreinte
from ent_core.vie_privee.conservation.preuve import ajouter_preuve, empreinte_lignes
from ent_core.vie_privee.conservation.regles import Regles

__all__ = ["SCHEMA", "acquitter", "lister", "verser_aux_archives"]

SCHEMA = 1
"""Version de la forme d'un paquet."""

_TABLE = UniteArchivee.__tablename__


def verser_aux_archives(
    session: Session,
    horloge: Horloge,
    uai: str,
    traitement: str,
    sortie: IO[bytes],
    *,
    par: UUID | None,
) -> VersementArchive:
    """Écrit le paquet de ce qui est dû aux archives, et l'inscrit ; rien n'est éliminé.

    :param session: session de l'académie ; l'appelant valide une fois le paquet sur le disque.
    :param uai: établissement versant.
    :param traitement: série versée.
    :param sortie: où écrire le ZIP ; on doit pouvoir le relire.
    :raises Introuvable: rien n'est dû.
    :raises OperationRefusee: un contenu ne s'ouvre plus : on ne verse pas un paquet incomplet.
    """
    partager_verrou(session)
    dues = list(
        session.scalars(
            select(UniteArchivee)
            .where(
                UniteArchivee.uai == uai,
                UniteArchivee.traitement == traitement,
                UniteArchivee.sort == Sort.ARCHIVER.value,
                UniteArchivee.echeance <= horloge.aujourd_hui(),
                UniteArchivee.versement_id.is_(None),
            )
            .order_by(UniteArchivee.annee, UniteArchivee.id)
            .with_for_update()
        )
    )
    if not dues:
        raise Introuvable(
            "rien n'est dû aux archives pour cette série, dans cet établissement.",
            remede="« ent archive etat » montre ce qui est dû, et quand.",
            lieu=traitement,
        )
    versement = VersementArchive(
        uai=uai, id=session.scalar(select(func.ent_uuid7())), traitement=traitement, nombre=len(dues),
        verse_le=horloge.aujourd_hui(), verse_par=par, empreinte="",
    )  # fmt: skip
    _ecrire(sortie, versement, lire(session, dues), horloge.maintenant())
    sortie.seek(0)
    versement.empreinte = hashlib.file_digest(sortie, "sha256").hexdigest()  # type: ignore[arg-type] # il se lit
    session.add(versement)
    for unite in dues:
        unite.versement_id = versement.id
    session.flush()
    consigner(
        session, horloge, "archive.versee", uai=uai, acteur=par, objet=str(versement.id),
        details={"traitement": traitement, "unites": len(dues)},
    )  # fmt: skip
    return versement


def acquitter(
    session: Session,
    horloge: Horloge,
    regles: Regles,
    cle: bytes,
    versement_id: UUID,
    *,
    reference: str,
    par: UUID,
    uai: str | None = None,
) -> int:
    """Enregistre l'acquittement des archives, et élimine ce qu'elles ont reçu, avec sa preuve.

    :param session: session de l'académie ; l'appelant valide, puis solde l'archive.
    :param cle: clé des empreintes d'identifiants de la chaîne.
    :param reference: numéro que les archives ont donné.
    :param par: personne qui l'enregistre.
    :param uai: établissement de qui agit ; ``None`` pour l'académie.
    :returns: unités éliminées.
    :raises OperationRefusee: déjà acquitté, et rien n'attend plus.
    """
    if not 1 <= len(reference.strip()) <= 60:
        raise DonneeInvalide(
            "le numéro de l'acquittement manque.", remede="le recopier, 60 caractères au plus."
        )
    partager_verrou(session)
    versement = session.scalars(
        select(VersementArchive).where(VersementArchive.id == versement_id).with_for_update()
    ).one_or_none()
    if versement is None or (uai is not None and versement.uai != uai):
        raise Introuvable("ce versement n'existe pas ici.", remede="« ent archive etat » les liste.")
    if versement.reference not in (None, reference.strip()):
        raise OperationRefusee(
            f"ce versement est déjà acquitté, sous le numéro {versement.reference}.",
            remede="reprendre ce numéro, s'il reste des unités qu'un gel suspendait.",
        )
    if versement.acquitte_le is None:
        versement.reference, versement.acquitte_le = reference.strip(), horloge.aujourd_hui()
        versement.acquitte_par = par
    siennes = (UniteArchivee.versement_id == versement.id, UniteArchivee.uai == versement.uai)
    gelee = en_vigueur(session).archives(UniteArchivee.__table__)  # type: ignore[arg-type] # table ou alias
    restantes = session.execute(select(UniteArchivee.id, UniteArchivee.annee, gelee).where(*siennes)).all()
    if not restantes:
        raise OperationRefusee(
            "il ne reste rien de ce versement ici.", remede="lire la preuve d'élimination."
        )
    plan = _planifier(session, horloge, regles, versement, restantes)
    eliminees = 0
    for ligne in plan[1]:
        ids = [i for i, annee, suspendue in restantes if annee == ligne.periode and not suspendue]
        session.execute(
            delete(UniteArchivee).where(*siennes, UniteArchivee.id.in_(ids)),
            execution_options={"synchronize_session": False},
        )
        entree = {
            "plan_id": plan[0].id, "plan": plan[0].empreinte, "rang": ligne.rang, "regle": ligne.traitement,
            "version": ligne.version, "autorite": ligne.autorite, "sort": ligne.sort, "objet": ligne.objet,
            "uai": ligne.uai, "periode": ligne.periode, "nombre": len(ids),
            "echeance_min": ligne.echeance_min, "echeance_max": ligne.echeance_max, "lignes": "",
        }  # fmt: skip
        empreinte_ids = empreinte_lignes(cle, [(versement.uai, i) for i in ids])
        ajouter_preuve(session, horloge, {**entree, "nature": "lot", "lignes": empreinte_ids})
        ajouter_preuve(session, horloge, {**entree, "nature": "bilan", "prevues": ligne.echues})
        eliminees += len(ids)
    decider(session, horloge, plan[0], "fin", par=par)
    consigner(
        session, horloge, "archive.acquittee", uai=versement.uai, acteur=par, objet=str(versement.id),
        details={"eliminees": eliminees, "suspendues": len(restantes) - eliminees},
    )  # fmt: skip
    return eliminees


def lister(session: Session, uai: str | None = None) -> Sequence[VersementArchive]:
    """Versements, du plus récent au plus ancien.

    :param uai: établissement ; ``None``, tous.
    """
    enonce = select(VersementArchive).order_by(VersementArchive.id.desc())
    return session.scalars(enonce if uai is None else enonce.where(VersementArchive.uai == uai)).all()


def _planifier(
    session: Session, horloge: Horloge, regles: Regles, versement: VersementArchive, restantes: Sequence[Any]
) -> tuple[PlanConservation, list[LigneConservation]]:
    """Le plan que l'acquittement vaut : approuvé et fini dans la même transaction."""
    plan = PlanConservation(
        id=session.scalar(select(func.ent_uuid7())), repere=session.scalar(select(func.ent_uuid7())),
        uai=versement.uai, jour=horloge.aujourd_hui(), etabli_le=horloge.maintenant(),
    )  # fmt: skip
    regle = regles.de(_TABLE)
    jour = versement.acquitte_le
    lignes: list[LigneConservation] = []
    for annee in sorted({a for _, a, _ in restantes}):
        siennes = [suspendue for _, a, suspendue in restantes if a == annee]
        lignes.append(
            LigneConservation(
                plan_id=plan.id, rang=len(lignes) + 1, brique="noyau", traitement=versement.traitement,
                version=regle.traitement.version if regle else 1, objet=_TABLE, uai=versement.uai,
                periode=annee, total=len(siennes), echues=siennes.count(False), gelees=siennes.count(True),
                actives=0, retenues=0, sans_date=0, echeance_min=jour, echeance_max=jour,
                duree="aucun délai", depart="acquittement des archives", sort=Sort.ARCHIVER.value,
                autorite=f"Versement {versement.id}, acquitté sous le numéro {versement.reference}",
                visa=False, preavis=0, second_regard=False, defaut="", graine="",
            )
        )  # fmt: skip
    voulues = conditions(session, regles, lignes)
    plan.regles, plan.calendriers = voulues.regles, voulues.calendriers
    plan.gels, plan.statuts = voulues.gels, voulues.statuts
    plan.empreinte = empreinte(plan, lignes)
    session.add(plan)
    session.flush()
    session.add_all(lignes)
    session.flush()
    decider(session, horloge, plan, "approbation", par=versement.acquitte_par)
    return plan, lignes


def _ecrire(
    sortie: IO[bytes], versement: VersementArchive, lues: Iterable[UniteLue], instant: datetime
) -> None:
    """Un JSON par unité, un CSV par table, et un manifeste qui a l'empreinte de chacun."""
    empreintes: dict[str, str] = {}
    tableaux: dict[str, _Tableau] = {}
    traitement: dict[str, Any] = {}
    date = (instant.year, instant.month, instant.day, instant.hour, instant.minute, instant.second)
    with zipfile.ZipFile(sortie, "w", zipfile.ZIP_DEFLATED) as paquet:

        def ecrire(chemin: str, contenu: bytes) -> None:
            info = zipfile.ZipInfo(chemin, date)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            paquet.writestr(info, contenu)
            empreintes[chemin] = f"sha256:{hashlib.sha256(contenu).hexdigest()}"

        for lue in lues:
            if lue.contenu is None:
                raise OperationRefusee(
                    "la clé d'une unité due aux archives n'est plus dans le coffre : rien n'est versé.",
                    remede="restaurer le coffre qui va avec cette base, ou dire la perte aux archives.",
                    lieu=f"unité {lue.unite.id}",
                )
            traitement = {**lue.contenu.traitement}
            ecrire(
                f"unites/{lue.unite.annee}/{lue.unite.id}.json",
                _json({"annee": lue.unite.annee, "tables": lue.contenu.tables}),
            )
            for nom, colonnes, ligne in lue.contenu.lignes():
                tableaux.setdefault(nom, _Tableau(list(colonnes))).ajouter(lue.unite, ligne)
        for nom, tableau in tableaux.items():
            ecrire(f"tableaux/{nom}.csv", tableau.octets())
        paquet.writestr(
            zipfile.ZipInfo("manifeste.json", date),
            _json(
                {
                    "schema": SCHEMA, "versement": str(versement.id), "uai": versement.uai,
                    "verse_le": versement.verse_le.isoformat(), "unites": versement.nombre,
                    "traitement": traitement, "fichiers": empreintes,
                }
            ),
        )  # fmt: skip


class _Tableau:
    """Les lignes d'une table, pour un tableur."""

    def __init__(self, colonnes: list[str]) -> None:
        self._colonnes = colonnes
        self._sortie = io.StringIO()
        self._ecrivain = csv.writer(self._sortie, delimiter=";", lineterminator="\r\n")
        self._ecrivain.writerow(["unite", "annee_scolaire", *colonnes])

    def ajouter(self, unite: Any, ligne: Any) -> None:
        valeurs = (ligne.get(colonne) for colonne in self._colonnes)
        rangee = [
            "" if v is None else _json(v).decode() if isinstance(v, dict | list) else str(v) for v in valeurs
        ]
        self._ecrivain.writerow([unite.id, unite.annee, *map(proteger, rangee)])

    def octets(self) -> bytes:
        return self._sortie.getvalue().encode("utf-8-sig")


def _json(valeur: Any) -> bytes:
    return json.dumps(valeur, ensure_ascii=False, indent=1).encode()
