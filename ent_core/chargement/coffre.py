"""Le coffre d'une instance : où il est, ce qui empêche d'ouvrir sans lui, et le balayage de ses clés."""

from __future__ import annotations

from pathlib import Path

from ent_core.chargement.absentes import registre_complet
from ent_core.chargement.decouverte import Chargement
from ent_core.contrat.resultats import Anomalie
from ent_core.contrat.taches import Tache
from ent_core.donnees.connexion import cle_secrete
from ent_core.donnees.session import BaseDeDonnees
from ent_core.socle.calendrier import Horloge
from ent_core.socle.configuration import Configuration
from ent_core.socle.erreurs import AnomaliesTrouvees, ErreurEnt
from ent_core.vie_privee.coffre.balayage import Balayage, a_des_cellules, balayer
from ent_core.vie_privee.coffre.cles import Coffre
from ent_core.vie_privee.coffre.trousseau import ChiffreurDuCoffre
from ent_core.vie_privee.registre import Registre

__all__ = ["anomalies_du_coffre", "balayer_le_coffre", "chiffreur_de", "coffre_de", "tache_du_coffre"]


def coffre_de(configuration: Configuration) -> Coffre:
    """Coffre des clés, hors de la base ; aucun fichier n'est créé avant la première clé.

    :param configuration: configuration de l'instance.
    """
    dit = configuration.coffre.chemin
    chemin = Path(dit) if dit else Path(configuration.donnees) / "coffre" / "cles.sqlite"
    return Coffre(chemin, cle_secrete(configuration).encode())


def chiffreur_de(configuration: Configuration) -> ChiffreurDuCoffre:
    """Ce qui scelle et ouvre les colonnes chiffrées ; à poser sur ``BaseDeDonnees.chiffreur``.

    :param configuration: configuration de l'instance.
    """
    return ChiffreurDuCoffre(coffre_de(configuration))


def anomalies_du_coffre(base: BaseDeDonnees, coffre: Coffre, registre: Registre) -> list[Anomalie]:
    """Ce qui interdit d'ouvrir : sans leurs clés, des textes se liraient comme effacés.

    :param base: base de l'application, migrée.
    :param registre: briques chargées.
    """
    try:
        if coffre.a_des_cles():
            return []
    except ErreurEnt as erreur:
        return [
            Anomalie(
                "COFFRE-002",
                str(coffre.chemin),
                f"il ne s'ouvre pas : {erreur.message}",
                f"{erreur.remede} Puis relancer la vérification.",
            )
        ]
    with base.academie("démarrage : coffre") as session:
        if not a_des_cellules(session, registre):
            return []
    return [
        Anomalie(
            "COFFRE-001",
            str(coffre.chemin),
            "la base garde des valeurs chiffrées, et leur coffre n'est pas là : on les croirait effacées",
            "restaurer le coffre, ou dire où il est ([coffre] chemin, ENT_COFFRE)",
        )
    ]


def balayer_le_coffre(base: BaseDeDonnees, chargement: Chargement, coffre: Coffre) -> Balayage:
    """Détruit les clés dont plus aucune ligne ne dépend, hors de toute transaction de l'appelant.

    :param base: base de l'application.
    :param chargement: briques chargées ; celles qui ne le sont plus gardent les clés de leurs lignes.
    """
    if not coffre.chemin.exists():
        return Balayage()
    with base.academie("coffre : déclarations") as session:
        registre = registre_complet(session, chargement)
    return balayer(base, coffre, registre)


def tache_du_coffre(chargement: Chargement, configuration: Configuration) -> Tache:
    """Chaque nuit, après la conservation : les clés inutiles sont détruites, celles qui manquent se disent.

    :param chargement: briques chargées.
    :param configuration: configuration de l'instance.
    """
    coffre = coffre_de(configuration)

    def balayer_la_nuit(base: BaseDeDonnees, _horloge: Horloge) -> None:
        fait = balayer_le_coffre(base, chargement, coffre)
        if fait.perdues:
            raise AnomaliesTrouvees(
                [
                    Anomalie(
                        "COFFRE-003",
                        str(coffre.chemin),
                        f"la base garde des valeurs chiffrées sous {fait.perdues} clé(s) qui n'y sont plus",
                        "si la base vient d'une sauvegarde, lancer « ent restauration rejouer » ;"
                        " si le coffre est plus ancien que la base, restaurer le plus récent",
                    )
                ]
            )

    return Tache(
        "noyau.coffre",
        balayer_la_nuit,
        periode="50 3 * * *",
        essais=1,
        libelle="Détruire les clés qui n'ouvrent plus rien",
    )
