"""Les services tiers d'une instance : ceux de son fichier et de ses briques, leur contrôle, leurs tâches."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy.orm import Session

from ent_core.chargement.decouverte import Chargement
from ent_core.contrat.resultats import Anomalie
from ent_core.contrat.services import Protocole
from ent_core.contrat.taches import Tache
from ent_core.donnees.connexion import cle_secrete
from ent_core.donnees.session import BaseDeDonnees
from ent_core.federation import parties
from ent_core.federation.cas import tickets
from ent_core.federation.fournisseur_oidc import cles, codes, jetons, sortie
from ent_core.federation.fournisseur_saml.sortie import messager as messager_saml
from ent_core.federation.services import ServiceConnu, connus, controler, fermes_ici, recu_par
from ent_core.identite.departs import TACHE
from ent_core.identite.secrets import Coffre
from ent_core.socle.calendrier import Horloge
from ent_core.socle.configuration import Configuration
from ent_core.socle.services import lire_services

__all__ = ["controler_services", "recus_ici", "services_declares", "taches_des_services"]


def services_declares(chargement: Chargement, configuration: Configuration) -> tuple[ServiceConnu, ...]:
    """Services du fichier, puis des briques.

    :param chargement: briques chargées.
    :param configuration: configuration de l'instance.
    """
    return (
        *(ServiceConnu(service, "fichier") for service in lire_services(configuration.services)),
        *(ServiceConnu(s, "brique", brique.id) for brique in chargement.briques for s in brique.services),
    )


def controler_services(chargement: Chargement, configuration: Configuration) -> Iterator[Anomalie]:
    """Contrôle les services du fichier et des briques avant de démarrer.

    :param chargement: briques chargées.
    :param configuration: configuration de l'instance.
    """
    vues: set[str] = set()
    for connu in services_declares(chargement, configuration):
        cle, lieu = connu.service.cle, f"service {connu.service.cle}"
        if connu.brique:
            lieu = f"brique {connu.brique}, {lieu}"
        if connu.brique and cle.partition("-")[0] != connu.brique.replace("_", "-").partition("-")[0]:
            yield Anomalie(
                "SERVICE-001",
                lieu,
                "sa clé ne commence pas par le nom de la brique",
                f"la nommer « {connu.brique.replace('_', '-')}-… »",
            )
        if cle in vues:
            yield Anomalie("SERVICE-002", lieu, "clé déclarée deux fois", "choisir une autre clé")
        vues.add(cle)
        for champ, phrase in controler(connu.service, configuration.federation.permis):
            yield Anomalie(
                "SERVICE-003",
                f"{lieu}, {champ}",
                f"sa déclaration est refusée : {phrase}",
                "corriger la déclaration : un service ne s'ouvre que si elle est entière",
            )


def recus_ici(
    session: Session, chargement: Chargement, configuration: Configuration, uai: str | None
) -> tuple[str, ...]:
    """Ce que chaque service reçoit, tel que le registre et les notices le disent.

    :param session: session de l'établissement, ou de l'académie.
    :param uai: établissement ; ``None``, tous.
    """
    fermes = fermes_ici(session, uai) if uai else frozenset()
    return tuple(
        f"{c.service.nom} ({c.service.destinataire}) reçoit : {', '.join(recu_par(c.service))}"
        for c in connus(session, services_declares(chargement, configuration))
        if c.actif and c.service.cle not in fermes and (uai is None or c.service.concerne(uai))
    )


def taches_des_services(chargement: Chargement, configuration: Configuration) -> tuple[Tache, ...]:
    """Prévenir les services d'une sortie ; effacer les tickets perdus et les traces échues.

    :param chargement: briques chargées, qui déclarent des services.
    :param configuration: hôtes permis, clé secrète.
    """

    def prevenir_services(base: BaseDeDonnees, horloge: Horloge, session_id: str) -> None:
        permis = configuration.federation.permis

        def par_oidc(partie: parties.PartieAPrevenir) -> None:
            coffre, declares = (
                Coffre(cle_secrete(configuration)),
                services_declares(chargement, configuration),
            )
            sortie.avertir(base, horloge, coffre, declares, permis, partie)

        parties.prevenir(
            base,
            horloge,
            permis,
            UUID(session_id),
            {Protocole.OIDC: par_oidc, Protocole.SAML: messager_saml(configuration, horloge)},
        )

    def purger_services(base: BaseDeDonnees, horloge: Horloge) -> None:
        with base.academie("conservation : tickets et traces des services tiers") as session:
            tickets.purger(session, horloge)
            codes.purger(session, horloge)
            jetons.purger(session, horloge)
            cles.purger(session, horloge)
            parties.purger(session, horloge)

    return (
        Tache(
            TACHE,
            prevenir_services,
            essais=parties.ESSAIS,
            libelle="Dire aux services qu'une session est finie",
        ),
        Tache(
            "noyau.purger_services",
            purger_services,
            periode="37 * * * *",
            libelle="Effacer les passages finis vers les services",
        ),
    )
