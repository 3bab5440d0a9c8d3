"""La vérification : toutes les anomalies d'un coup, chacune avec son code, son lieu, son remède."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec
from sqlalchemy.orm import InstrumentedAttribute, RelationshipProperty

from ent_core.chargement.conservation import regles_de
from ent_core.chargement.decouverte import BriqueChargee, Chargement, verrou_de
from ent_core.chargement.entrees import controler_entrees
from ent_core.chargement.examen import MARQUE
from ent_core.chargement.messages import controler_messages
from ent_core.chargement.services import controler_services
from ent_core.chargement.taches import controler_taches
from ent_core.contrat.prealables import FORME_CLE
from ent_core.contrat.resultats import Anomalie, Niveau
from ent_core.contrat.roles import Role
from ent_core.donnees.base import Base
from ent_core.socle.configuration import Configuration
from ent_core.socle.erreurs import AnomaliesTrouvees
from ent_core.vie_privee.controle_declarations import controler
from ent_core.vie_privee.empreinte import canonique
from ent_core.vie_privee.statistiques.controle import controler_statistiques
from ent_core.vie_privee.verrou import controler_verrou

__all__ = ["exiger_sans_erreur", "verifier_declarations"]

_ROLES = frozenset(role.value for role in Role)


def verifier_declarations(chargement: Chargement, configuration: Configuration) -> list[Anomalie]:
    """Vérifie tout ce qui ne demande ni base ni serveur.

    :param chargement: briques découvertes.
    :param configuration: configuration de l'instance.
    """
    regles: tuple[Callable[[], Iterable[Anomalie]], ...] = (
        lambda: chargement.anomalies,
        lambda: controler([brique.declaration() for brique in chargement.briques]),
        lambda: regles_de(chargement).anomalies(),
        lambda: _verrous(chargement, production=configuration.production),
        lambda: controler_statistiques([(b.declaration(), b.statistiques) for b in chargement.briques]),
        lambda: _modeles(chargement),
        lambda: _permissions(chargement),
        lambda: _prealables(chargement),
        lambda: _taches(chargement),
        lambda: controler_messages(chargement),
        lambda: _reglages(chargement, configuration),
        lambda: _bascules(chargement, configuration),
        lambda: controler_entrees(chargement, configuration),
        lambda: controler_services(chargement, configuration),
        lambda: _a_completer(chargement, production=configuration.production),
        lambda: (a for b in chargement.briques for regle in b.verifications for a in regle()),
    )
    return [anomalie for regle in regles for anomalie in regle()]


def exiger_sans_erreur(anomalies: Iterable[Anomalie]) -> None:
    """Arrête s'il reste une erreur ; un avertissement n'arrête pas.

    :param anomalies: anomalies trouvées.
    :raises AnomaliesTrouvees: au moins une erreur.
    """
    erreurs = [anomalie for anomalie in anomalies if anomalie.niveau is Niveau.ERREUR]
    if erreurs:
        raise AnomaliesTrouvees(erreurs)


def _verrous(chargement: Chargement, *, production: bool) -> Iterator[Anomalie]:
    """Ce qui tourne est ce qui a été relu, verrouillé, puis accepté."""
    for brique in chargement.briques:
        chemin = verrou_de(brique)
        if chemin is not None:
            forme = canonique(brique.declaration())
            yield from controler_verrou(brique.id, forme, chemin, production=production)


def _modeles(chargement: Chargement) -> Iterator[Anomalie]:
    """SQLAlchemy retrouve par son nom la classe qu'une relation cite : entre deux homonymes, il s'arrête."""
    brique_de = {table: brique.id for brique in chargement.briques for table in brique.tables}
    prises: dict[str, str] = {}
    modeles = [m.class_ for m in Base.registry.mappers if m.local_table in brique_de]
    # Par l'attribut, et non par « mapper.relationships », qui chercherait déjà les classes citées.
    liens = (a.prop for c in modeles for a in vars(c).values() if isinstance(a, InstrumentedAttribute))
    citees = {lien.argument for lien in liens if isinstance(lien, RelationshipProperty)}
    for modele in sorted(modeles, key=lambda c: (brique_de[c.__table__] != "noyau", brique_de[c.__table__])):
        brique = brique_de[modele.__table__]
        prise = prises.setdefault(modele.__name__, brique)
        if prise != brique and modele.__name__ in citees:
            yield Anomalie(
                "MODELE-001",
                f"brique {brique}, classe {modele.__name__}",
                f"la brique {prise} a déjà une classe de ce nom, et une relation la cite par ce seul nom :"
                " elle ne saurait pas laquelle prendre",
                "dans la relation, citer le chemin entier de la classe, ou la classe elle-même",
            )


def _permissions(chargement: Chargement) -> Iterator[Anomalie]:
    vues: dict[str, str] = {}
    for brique in chargement.briques:
        recoivent = {d.role for t in brique.traitements for d in t.destinataires}
        for permission in brique.permissions:
            lieu = f"brique {brique.id}, permission {permission.cle}"
            if not permission.cle.startswith(f"{brique.id}."):
                yield Anomalie(
                    "ROLE-001",
                    lieu,
                    "sa clé ne commence pas par l'identifiant de la brique",
                    f"la nommer « {brique.id}.… »",
                )
            if permission.cle in vues:
                yield Anomalie(
                    "ROLE-002",
                    lieu,
                    f"clé déjà prise par la brique {vues[permission.cle]}",
                    "choisir une autre clé",
                )
            vues[permission.cle] = brique.id
            for role in permission.roles:
                if role not in _ROLES:
                    yield Anomalie(
                        "ROLE-003",
                        lieu,
                        f"rôle inconnu « {role} »",
                        "employer un rôle de ent_core.brique.Role",
                    )
                elif permission.statistiques:
                    continue  # ses pages ne lisent que des nombres protégés : personne n'y reçoit de données
                elif brique.traitements and brique.id != "noyau" and role not in recoivent:
                    yield Anomalie(
                        "ROLE-004",
                        lieu,
                        f"le rôle « {role} » n'est destinataire d'aucun traitement de la brique",
                        "l'ajouter aux destinataires déclarés, ou lui retirer la permission (SDET-AUT-04)",
                    )


def _prealables(chargement: Chargement) -> Iterator[Anomalie]:
    for brique in chargement.briques:
        cles = [prealable.cle for prealable in brique.prealables]
        for cle in sorted(set(cles)):
            lieu = f"brique {brique.id}, préalable {cle}"
            if cles.count(cle) > 1:
                yield Anomalie("PREALABLE-001", lieu, "cette clé est prise deux fois", "en changer une")
            if not FORME_CLE.fullmatch(cle):
                yield Anomalie(
                    "PREALABLE-002",
                    lieu,
                    "sa clé ne s'écrit pas dans une commande",
                    "de 2 à 40 lettres minuscules, chiffres et soulignés",
                )


def _taches(chargement: Chargement) -> Iterator[Anomalie]:
    for brique in chargement.briques:
        for tache in brique.taches:
            if not tache.nom.startswith(f"{brique.id}."):
                yield Anomalie(
                    "TACHE-001",
                    f"brique {brique.id}, tâche {tache.nom}",
                    "son nom ne commence pas par l'identifiant de la brique",
                    f"la nommer « {brique.id}.… »",
                )
    yield from controler_taches([tache for brique in chargement.briques for tache in brique.taches])


def _reglages(chargement: Chargement, configuration: Configuration) -> Iterator[Anomalie]:
    for nom in sorted(configuration.reglages):
        brique = chargement.brique(nom)
        lieu = f"configuration, section [reglages.{nom}]"
        if brique is None:
            yield Anomalie(
                "CONF-001",
                lieu,
                "aucune brique chargée ne porte ce nom",
                "corriger le nom, ou retirer la section",
            )
        elif brique.reglages is None:
            yield Anomalie("CONF-002", lieu, "cette brique n'a aucun réglage", "retirer la section")
        else:
            yield from _lire_reglages(brique, configuration.reglages[nom], lieu)


def _lire_reglages(brique: BriqueChargee, valeurs: dict[str, Any], lieu: str) -> Iterator[Anomalie]:
    assert brique.reglages is not None  # noqa: S101 - garanti par l'appelant
    connus = {champ.name for champ in dataclasses.fields(brique.reglages)}
    for cle in sorted(set(valeurs) - connus):
        yield Anomalie(
            "CONF-003", f"{lieu}, clé {cle}", "clé inconnue", f"clés permises : {', '.join(sorted(connus))}"
        )
    try:
        msgspec.convert({c: v for c, v in valeurs.items() if c in connus}, brique.reglages, strict=False)
    except msgspec.ValidationError as erreur:
        yield Anomalie("CONF-004", lieu, f"valeur refusée : {erreur}", "corriger la valeur citée")


def _bascules(chargement: Chargement, configuration: Configuration) -> Iterator[Anomalie]:
    for rang, bascule in enumerate(configuration.bascules, 1):
        lieu = f"configuration, bascule n° {rang}"
        if chargement.brique(bascule.brique) is None:
            yield Anomalie(
                "CONF-005",
                lieu,
                f"la brique « {bascule.brique} » n'est pas chargée",
                "corriger le nom, ou l'ajouter à [briques] chargees",
            )
        if bascule.du and bascule.au and bascule.du > bascule.au:
            yield Anomalie("CONF-006", lieu, "« au » précède « du »", "corriger les dates")


def _a_completer(chargement: Chargement, *, production: bool) -> Iterator[Anomalie]:
    """Un registre inachevé ne se montre pas aux familles."""
    niveau = Niveau.ERREUR if production else Niveau.AVERTISSEMENT
    for brique in chargement.briques:
        for declare in (brique.manifeste, *brique.traitements, *brique.permissions, *brique.prealables):
            if MARQUE in repr(declare):
                yield Anomalie(
                    "MARQUE-002",
                    f"brique {brique.id}, {type(declare).__name__.lower()} "
                    f"{getattr(declare, 'cle', brique.id)}",
                    f"cette déclaration porte encore la marque « {MARQUE} »",
                    "l'écrire avant d'ouvrir la brique à des personnes",
                    niveau,
                )
