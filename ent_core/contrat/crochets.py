"""Les crochets : tout ce qu'une brique peut apporter au noyau, et quand on le lui demande.

Quatre phases. *Déclaration* : au démarrage, sans argument, fonctions pures qui rendent des
valeurs immuables. *Requête* : briques actives de l'établissement seulement. *Cycle de vie* :
dans la transaction de l'appelant. *Vie privée* : toutes les briques chargées, actives ou non.

Une brique n'écrit que les crochets dont elle a besoin, et dans chacun que les arguments
qu'elle lit. Un crochet inconnu ou un argument inconnu empêche de démarrer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING, Any

import pluggy

from ent_core.contrat.actes import ActeDit
from ent_core.contrat.donnees import AucuneDonnee, Traitement
from ent_core.contrat.evenements import Evenement
from ent_core.contrat.fournisseurs import Fournisseur
from ent_core.contrat.interface import Contexte, EntreeMenu, Permission, Vignette
from ent_core.contrat.manifeste import Manifeste
from ent_core.contrat.messages import CanalSms, SujetDeMessage
from ent_core.contrat.offres import Demande
from ent_core.contrat.papier import FormulairePapier
from ent_core.contrat.prealables import Prealable
from ent_core.contrat.resultats import Anomalie, Bilan, PieceExport
from ent_core.contrat.services import ServiceTiers
from ent_core.contrat.statistiques import Statistique
from ent_core.contrat.taches import Tache, TacheParEtablissement

if TYPE_CHECKING:
    from datetime import date, datetime
    from uuid import UUID

    import click
    from flask import Blueprint
    from sqlalchemy.orm import Session

__all__ = ["crochet", "implante"]

crochet = pluggy.HookspecMarker("ent")
implante = pluggy.HookimplMarker("ent")
"""Décorateur par lequel une brique implante un crochet."""


# --- Déclaration -----------------------------------------------------------------------------


@crochet
def ent_manifeste() -> Manifeste:
    """Rend la carte d'identité de la brique ; le seul crochet obligatoire."""
    raise NotImplementedError


@crochet
def ent_configuration() -> type | None:
    """Rend une dataclass figée : les réglages de la brique, section ``[reglages.<brique>]``."""
    raise NotImplementedError


@crochet
def ent_modeles() -> Sequence[type]:
    """Rend les tables de la brique, préfixées par son identifiant."""
    raise NotImplementedError


@crochet
def ent_migrations() -> Traversable:
    """Rend le dossier qui contient ``versions/``."""
    raise NotImplementedError


@crochet
def ent_traitements() -> Sequence[Traitement] | AucuneDonnee:
    """Rend les traitements de la brique, ou dit pourquoi elle n'en a aucun."""
    raise NotImplementedError


@crochet
def ent_permissions() -> Sequence[Permission]:
    """Rend les permissions de la brique et les rôles qui les ont par défaut."""
    raise NotImplementedError


@crochet
def ent_prealables() -> Sequence[Prealable]:
    """Rend ce qu'un établissement atteste avant que la brique y serve ; sans cela, elle sert aussitôt."""
    raise NotImplementedError


@crochet
def ent_routes() -> Sequence[Blueprint]:
    """Rend les pages et l'API ; chaque route porte ``@exige`` ou ``@public``."""
    raise NotImplementedError


@crochet
def ent_commandes() -> Sequence[click.Command]:
    """Rend les commandes placées sous ``ent <brique>``."""
    raise NotImplementedError


@crochet
def ent_evenements() -> Sequence[type[Evenement]]:
    """Rend les événements que la brique publie."""
    raise NotImplementedError


@crochet
def ent_taches() -> Sequence[Tache | TacheParEtablissement]:
    """Rend les travaux différés et périodiques ; ce qui parcourt les écoles est « par établissement »."""
    raise NotImplementedError


@crochet
def ent_statistiques() -> Sequence[Statistique]:
    """Rend les statistiques de la brique ; le noyau les compte, les protège et les fige."""
    raise NotImplementedError


@crochet
def ent_sujets_de_message() -> Sequence[SujetDeMessage]:
    """Rend ce dont la brique prévient des personnes ; le noyau choisit le canal, l'heure, le groupement."""
    raise NotImplementedError


@crochet
def ent_actes_du_journal() -> Sequence[ActeDit]:
    """Rend la phrase de chaque acte que la brique inscrit au journal ; sans elle, l'acte y garde son code."""
    raise NotImplementedError


@crochet
def ent_services_tiers() -> Sequence[ServiceTiers]:
    """Rend les services hors de l'ENT que la brique ouvre, et ce que chacun reçoit.

    Un service n'est ouvert que là où la brique l'est ; sa clé commence par le nom de la brique.
    """
    raise NotImplementedError


@crochet
def ent_canal_sms() -> CanalSms:
    """Rend le service par lequel partent les SMS ; une seule brique d'une instance l'implante."""
    raise NotImplementedError


@crochet
def ent_fournisseurs_identite() -> Mapping[str, Fournisseur]:
    """Rend les fournisseurs d'identité que la brique ajoute, par clé ; chaque clé commence par son nom.

    Le secret est dans le fichier que nomme ``secret_fichier``, jamais dans le code.
    """
    raise NotImplementedError


@crochet
def ent_verifications() -> Sequence[Callable[[], Iterable[Anomalie]]]:
    """Rend les vérifications propres à la brique, lancées par ``ent verifier``."""
    raise NotImplementedError


# --- Requête ---------------------------------------------------------------------------------


@crochet
def ent_navigation(contexte: Contexte) -> Sequence[EntreeMenu]:
    """Rend les entrées de menu pour cette personne, dans cet établissement.

    :param contexte: qui regarde, où et à quel titre.
    """
    raise NotImplementedError


@crochet
def ent_tableau_de_bord(session: Session, contexte: Contexte, instant: datetime) -> Sequence[Vignette]:
    """Rend les vignettes de l'accueil ; une erreur donne une vignette « indisponible ».

    N'est pas appelé pour qui n'a aucune permission de la brique.

    :param session: session de base, déjà cloisonnée.
    :param contexte: qui regarde, où et à quel titre.
    :param instant: maintenant, avec son fuseau.
    """
    raise NotImplementedError


@crochet
def ent_formulaire_papier(
    session: Session, contexte: Contexte, traitement: str, personne_id: UUID
) -> FormulairePapier | None:
    """Rend la feuille vierge que reçoit une personne opposée à un traitement, ou ``None``.

    Une brique qui déclare ``Opposition(papier=…)`` l'implante. Elle ne met sur la feuille rien de ce qu'elle
    tient déjà ; ce qui revient se saisit dans sa page, et s'enregistre avec ``source = papier``.

    :param session: session de base, déjà cloisonnée.
    :param contexte: qui imprime, où et à quel titre.
    :param traitement: clé du traitement.
    :param personne_id: personne pour qui la feuille s'imprime.
    """
    raise NotImplementedError


@crochet
def ent_repondre(session: Session, contexte: Contexte, demande: Demande[Any]) -> Sequence[Any] | None:
    """Rend ce qu'une autre brique demande, ou ``None`` si la brique n'offre pas ce contrat.

    Le périmètre est celui de qui demande : la brique ne rend rien de ce qu'elle ne lui montrerait pas.

    :param session: session de base, déjà cloisonnée.
    :param contexte: qui demande, où et à quel titre.
    :param demande: valeur typée ; son type dit le contrat.
    """
    raise NotImplementedError


@crochet
def ent_interdire(contexte: Contexte, permission: str, objet: Any) -> str | None:
    """Rend le motif d'un refus, ou ``None``. Un seul refus suffit ; rien n'est jamais accordé ici.

    :param contexte: qui agit.
    :param permission: permission déjà accordée par le noyau.
    :param objet: ce sur quoi porte l'acte, ou ``None``.
    """
    raise NotImplementedError


# --- Cycle de vie ----------------------------------------------------------------------------


@crochet
def ent_activer(session: Session, uai: str) -> None:
    """Prépare la brique dans un établissement ; peut être rejoué sans effet.

    Appelé une fois, dès qu'une décision ouvre la brique, même pour plus tard : par une page, une commande
    ou l'API aussitôt, par le fichier au démarrage, pour un établissement nouveau dans l'heure. Une
    exception annule la décision ; au démarrage, elle se dit dans les journaux et l'appel est refait.

    :param session: session de l'appelant ; ne pas valider.
    :param uai: établissement.
    """
    raise NotImplementedError


@crochet
def ent_desactiver(session: Session, uai: str) -> None:
    """Retire la brique d'un établissement : on cache, on ne supprime jamais.

    Appelé une fois, quand plus aucune décision ne l'ouvre, ni ce jour ni un jour à venir : aussitôt si
    quelqu'un le décide, au démarrage si le fichier a changé, dans l'heure si une date est échue.

    :param session: session de l'appelant ; ne pas valider.
    :param uai: établissement.
    """
    raise NotImplementedError


@crochet
def ent_changer_annee(session: Session, uai: str, ancienne: int, nouvelle: int) -> Bilan:
    """Passe d'une année scolaire à la suivante.

    Appelé une fois par établissement où la brique est ouverte, au 1er août ou au premier démarrage qui
    suit. Une brique qui refuse ou qui échoue est redemandée chaque heure.

    :param session: session de l'appelant.
    :param uai: établissement.
    :param ancienne: première année civile de l'année qui finit.
    :param nouvelle: première année civile de l'année qui commence.
    """
    raise NotImplementedError


@crochet
def ent_sur_evenement(session: Session, evenement: Evenement) -> None:
    """Réagit à un fait, dans la même transaction ; les briques fermées sont prévenues aussi.

    Un import en annonce d'un coup autant qu'il y a d'établissements et de divisions : agir par ensembles.

    :param session: session de l'appelant ; ne pas valider.
    :param evenement: le fait.
    """
    raise NotImplementedError


@crochet
def ent_fusionner_personnes(session: Session, gardee: UUID, absorbee: UUID) -> Bilan:
    """Reporte sur une fiche ce que la brique tient sur une autre fiche de la même personne.

    Les deux fiches sont encore là. Ensuite, le noyau remplace de lui-même toute référence restante : ce
    crochet ne sert qu'à réunir ce que cela ne suffirait pas à réunir. Une simulation l'appelle aussi, et
    défait tout. ``Bilan(refus=…)`` arrête la fusion.

    :param session: session de l'académie ; ne pas valider.
    :param gardee: personne conservée.
    :param absorbee: personne qui disparaît.
    """
    raise NotImplementedError


# --- Vie privée ------------------------------------------------------------------------------


@crochet
def ent_purger(session: Session, traitement: str, uai: str, limite: date, simulation: bool) -> Bilan:
    """Applique une conservation échue, si la règle générale ne suffit pas ; le noyau recompte.

    :param session: session de l'appelant.
    :param traitement: clé du traitement.
    :param uai: établissement.
    :param limite: premier jour conservé.
    :param simulation: vrai pour compter sans supprimer.
    """
    raise NotImplementedError


@crochet
def ent_exporter_personne(session: Session, personne_id: UUID) -> Iterable[PieceExport]:
    """Rend ce que la brique tient sur une personne et que la règle générale ne voit pas.

    :param session: session de l'appelant.
    :param personne_id: personne qui exerce son droit d'accès.
    """
    raise NotImplementedError


@crochet
def ent_effacer_personne(session: Session, personne_id: UUID, motif: str, uai: str | None) -> Bilan:
    """Efface ou anonymise ce que la brique tient sur une personne, ou refuse avec un motif légal.

    Une brique qui ne lit pas ``uai`` n'est pas appelée pour un seul établissement : l'effacement y est
    refusé, plutôt que de toucher ce que les autres tiennent.

    :param session: session de l'appelant.
    :param personne_id: personne concernée.
    :param motif: fondement de la demande.
    :param uai: établissement dont les seules données sont visées ; ``None``, tous.
    """
    raise NotImplementedError
