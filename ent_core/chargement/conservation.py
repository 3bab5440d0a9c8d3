"""Le moteur de conservation d'une instance : règles, clé, fichier des têtes, briques, tâches de la nuit."""

from __future__ import annotations

import hashlib
import hmac
from datetime import date
from pathlib import Path
from uuid import UUID

from sqlalchemy.orm import Session

from ent_core.chargement.absentes import comptees, regles_completes
from ent_core.chargement.archive import regler
from ent_core.chargement.coffre import balayer_le_coffre, coffre_de
from ent_core.chargement.decouverte import Chargement
from ent_core.chargement.relais import Relais
from ent_core.contrat.interface import Contexte, Portee
from ent_core.contrat.resultats import Bilan
from ent_core.contrat.taches import Tache
from ent_core.donnees.connexion import cle_secrete
from ent_core.donnees.session import BaseDeDonnees
from ent_core.identite.contextes import contextes_possibles
from ent_core.roles.attribution import attribuer
from ent_core.roles.habilitations import Habilitations
from ent_core.socle.calendrier import Horloge, annee_scolaire
from ent_core.socle.configuration import Configuration
from ent_core.socle.erreurs import AccesRefuse, OperationRefusee
from ent_core.vie_privee.conservation import avis
from ent_core.vie_privee.conservation.approbation import aviser, perimer
from ent_core.vie_privee.conservation.dossier import en_attente
from ent_core.vie_privee.conservation.execution import Executeur
from ent_core.vie_privee.conservation.partis import Effacement
from ent_core.vie_privee.conservation.plan import lignes, memes, planifier, precedent
from ent_core.vie_privee.conservation.preuve import Tetes
from ent_core.vie_privee.conservation.regles import Regles
from ent_core.vie_privee.registre import Registre

__all__ = [
    "PERMISSION",
    "cle_des_preuves",
    "executeur_de",
    "portee_de",
    "regles_de",
    "taches_de_conservation",
    "tetes_de",
]

PERMISSION = "noyau.conservation"


def regles_de(chargement: Chargement) -> Regles:
    """Règles des briques chargées, noyau compris ; celles des absentes demandent la base (``absentes``).

    :param chargement: briques chargées.
    """
    registre = Registre.reunir(brique.declaration() for brique in chargement.briques)
    return Regles.du(registre, comptees(chargement))


def tetes_de(configuration: Configuration) -> Tetes:
    """Fichier des têtes de la chaîne, dans le dossier des données, hors de la base.

    :param configuration: configuration de l'instance.
    """
    return Tetes(Path(configuration.donnees) / "conservation" / "tetes.jsonl")


def cle_des_preuves(configuration: Configuration) -> bytes:
    """Clé des empreintes d'identifiants que garde la chaîne.

    :param configuration: clé secrète de l'instance.
    """
    return hmac.new(cle_secrete(configuration).encode(), b"conservation", hashlib.sha256).digest()


def executeur_de(
    base: BaseDeDonnees, chargement: Chargement, configuration: Configuration, horloge: Horloge
) -> Executeur:
    """Exécuteur de l'instance.

    :param base: deux connexions au moins.
    :param chargement: briques chargées.
    :param configuration: clé secrète, dossier des données.
    :param horloge: horloge de l'instance.
    """
    relais = Relais(chargement)

    def purger(
        session: Session, brique: str, traitement: str, uai: str, limite: date, simulation: bool
    ) -> Bilan | None:
        if chargement.brique(brique) is None or not relais.implante("ent_purger", brique):
            return None
        rendus = relais.appeler(
            "ent_purger", frozenset({brique}), session=session, traitement=traitement, uai=uai,
            limite=limite, simulation=simulation,
        )  # fmt: skip
        return next((bilan for celle, bilan in rendus if celle.id == brique), None)

    cle = cle_des_preuves(configuration)
    with base.academie("conservation : règles en vigueur") as session:
        regles = regles_completes(session, chargement)
    return Executeur(base, horloge, regles, cle, tetes_de(configuration), purger)


def portee_de(
    session: Session, chargement: Chargement, personne_id: UUID, jour: date, permission: str = PERMISSION
) -> str | None:
    """Où une personne a une permission : un établissement, ou ``None`` pour l'académie.

    :param session: session de l'académie.
    :param chargement: briques chargées, et leurs permissions.
    :param personne_id: personne qui décide.
    :param jour: jour de la décision.
    :param permission: par défaut, décider des éliminations.
    :raises AccesRefuse: à aucun de ses titres.
    """
    habilitations = Habilitations({p.cle: p for brique in chargement.briques for p in brique.permissions})
    ici: str | None = None
    for titre in contextes_possibles(session, personne_id, jour):
        attribution = attribuer(session, titre.uai, personne_id, titre.profil, jour)
        contexte = Contexte(
            compte_id=personne_id, personne_id=personne_id, uai=titre.uai,
            etablissement_nom=titre.etablissement_nom, profil=titre.profil, jour=jour,
            annee=annee_scolaire(jour), roles=attribution.roles, delegations=attribution.delegations,
            briques=frozenset(),
        )  # fmt: skip
        portee = habilitations.portee(contexte, permission)
        if portee is Portee.ACADEMIE:
            return None
        if portee is Portee.ETABLISSEMENT:
            ici = titre.uai
    if ici is None:
        raise AccesRefuse(
            "cette personne ne peut pas décider de cela : elle n'en a le droit à aucun de ses titres.",
            remede="« docs/reference/permissions.md » dit les rôles qui l'ont.",
            lieu=permission,
        )
    return ici


def taches_de_conservation(chargement: Chargement, configuration: Configuration) -> tuple[Tache, ...]:
    """Chaque nuit : effacer ce qui part avec un élève, exécuter ce qui est approuvé et mûr, puis planifier.

    :param chargement: briques chargées.
    :param configuration: configuration de l'instance.
    """

    def executer_les_plans(base: BaseDeDonnees, horloge: Horloge) -> None:
        executeur = executeur_de(base, chargement, configuration, horloge)
        with base.academie("conservation : plans approuvés") as session:
            attendus = en_attente(session, horloge)
            murs = [
                dossier.plan.id
                for dossier in attendus
                if any(not dossier.obstacle(ligne) for ligne in dossier.a_faire)
            ]
            avis.accorder(session, [dossier.plan.id for dossier in attendus])
            for dossier in attendus:
                if dossier.plan.id not in murs and not perimer(session, horloge, executeur.regles, dossier):
                    aviser(session, horloge, executeur.regles, dossier.plan.id)
        echecs: list[OperationRefusee] = []
        for plan_id in murs:
            try:
                executeur.executer(plan_id)
            except OperationRefusee as echec:
                # Un plan en écart n'arrête pas ceux des autres établissements ; le travail, lui, échoue.
                echecs.append(echec)
        regler(base, horloge)
        balayer_le_coffre(base, chargement, coffre_de(configuration))
        if echecs:
            raise echecs[0]

    def planifier_la_nuit(base: BaseDeDonnees, horloge: Horloge) -> None:
        with base.academie("conservation : plan de la nuit") as session:
            if any(dossier.plan.uai is None for dossier in en_attente(session, horloge)):
                return
            plan = planifier(session, horloge, regles_completes(session, chargement))
            ancien = precedent(session, plan)
            # Un plan de plus, s'il n'apprend rien, ne ferait que cacher les autres.
            if memes(lignes(session, ancien.id) if ancien else [], lignes(session, plan.id)):
                session.rollback()

    def effacer_les_partis(base: BaseDeDonnees, horloge: Horloge) -> None:
        with base.academie("conservation : règles en vigueur") as session:
            regles = regles_completes(session, chargement)
        Effacement(base, horloge, regles, cle_des_preuves(configuration), tetes_de(configuration)).effacer()

    return (
        Tache(
            "noyau.effacer_les_partis",
            effacer_les_partis,
            periode="25 2 * * *",
            libelle="Effacer ce que laissent les élèves partis",
        ),
        Tache(
            "noyau.executer_conservation",
            executer_les_plans,
            periode="30 2 * * *",
            essais=1,
            libelle="Éliminer ce qui est approuvé",
        ),
        Tache(
            "noyau.planifier_conservation",
            planifier_la_nuit,
            periode="10 4 * * *",
            libelle="Compter ce qui a fait son temps",
        ),
    )
