"""Les messages d'une instance : ce que les briques en déclarent, et le poste que la base porte."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.orm import Session

from ent_core.chargement.activation import Activation
from ent_core.chargement.decouverte import Chargement
from ent_core.chargement.relais import Relais
from ent_core.contrat.messages import CanalSms
from ent_core.contrat.resultats import Anomalie
from ent_core.contrat.roles import Role
from ent_core.contrat.taches import Tache
from ent_core.donnees.session import BaseDeDonnees
from ent_core.messages.envoi import ecoles_a_servir, envoyer
from ent_core.messages.poste import TACHE, Poste
from ent_core.socle.calendrier import Horloge
from ent_core.socle.configuration import Configuration
from ent_core.vie_privee.droits.oppositions import opposees

__all__ = ["controler_messages", "poste_des_messages", "tache_des_messages"]

_LONGUEUR = 64
_ROLES = frozenset(role.value for role in Role)


def poste_des_messages(chargement: Chargement, configuration: Configuration, horloge: Horloge) -> Poste:
    """Poste de l'instance ; à poser sur ``BaseDeDonnees.poste``.

    :param chargement: briques chargées.
    :param configuration: serveur de courrier, nom de l'ENT, bascules du fichier.
    :param horloge: horloge de l'instance.
    """
    activation = Activation(chargement, Relais(chargement), configuration.bascules)

    def servies(session: Session, uai: str) -> frozenset[str]:
        return activation.actives(session, uai, horloge.aujourd_hui())

    return Poste(
        horloge=horloge,
        produit=configuration.produit,
        sujets={sujet.cle: sujet for brique in chargement.briques for sujet in brique.sujets},
        courriel=configuration.courriel,
        sms=next((brique.sms for brique in chargement.briques if brique.sms is not None), None),
        opposees=opposees,
        servies=servies,
    )


def tache_des_messages(chargement: Chargement, configuration: Configuration) -> Tache:
    """À l'heure de chaque départ, pour un établissement ; toutes les dix minutes, pour ce qui serait resté.

    :param chargement: briques chargées.
    :param configuration: configuration de l'instance.
    """

    def envoyer_messages(base: BaseDeDonnees, horloge: Horloge, uai: str | None = None) -> None:
        base.poste = base.poste or poste_des_messages(chargement, configuration, horloge)
        if uai is not None:
            envoyer(base, uai)
            return
        with base.academie("messages : ce qui est dû") as session:
            ecoles = ecoles_a_servir(session, horloge.maintenant())
        for ecole in ecoles:
            envoyer(base, ecole)

    return Tache(
        TACHE, envoyer_messages, periode="*/10 * * * *", libelle="Envoyer les courriels et les SMS dus"
    )


def controler_messages(chargement: Chargement) -> Iterator[Anomalie]:
    """Contrôle des sujets et du service de SMS.

    :param chargement: briques chargées.
    """
    for brique in chargement.briques:
        vus: set[str] = set()
        for sujet in brique.sujets:
            lieu = f"brique {brique.id}, sujet {sujet.cle}"
            if not sujet.cle.startswith(f"{brique.id}.") or len(sujet.cle) > _LONGUEUR:
                yield Anomalie(
                    "MESSAGE-001",
                    lieu,
                    "sa clé ne commence pas par l'identifiant de la brique, ou dépasse 64 caractères",
                    f"la nommer « {brique.id}.… »",
                )
            if sujet.cle in vus:
                yield Anomalie("MESSAGE-002", lieu, "clé déclarée deux fois", "choisir une autre clé")
            vus.add(sujet.cle)
            for role in sujet.pour:
                if role not in _ROLES:
                    yield Anomalie(
                        "MESSAGE-005",
                        lieu,
                        f"rôle inconnu « {role} » parmi ceux que l'on prévient",
                        "employer un rôle de ent_core.brique.Role",
                    )
    porteuses = [brique for brique in chargement.briques if brique.sms is not None]
    for brique in porteuses:
        if not isinstance(brique.sms, CanalSms):
            yield Anomalie(
                "MESSAGE-003",
                f"brique {brique.id}, crochet ent_canal_sms",
                "il ne rend pas un CanalSms",
                "rendre CanalSms(nom, envoyer)",
            )
    if len(porteuses) > 1:
        yield Anomalie(
            "MESSAGE-004",
            f"briques {', '.join(brique.id for brique in porteuses)}",
            "deux services de SMS : on ne saurait pas lequel employer",
            "n'en charger qu'une",
        )
