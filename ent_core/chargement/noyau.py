"""Ce que le noyau déclare de lui-même, par les mêmes crochets que les briques."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable

from sqlalchemy.orm import Session

from ent_core import __version__
from ent_core.chargement import accueil
from ent_core.chargement import modeles as bascules
from ent_core.contrat.crochets import implante
from ent_core.contrat.donnees import (
    Acces,
    BaseLegale,
    Conservation,
    Depart,
    Destinataire,
    Duree,
    FinaliteEnt,
    Population,
    Sort,
    Traitement,
)
from ent_core.contrat.interface import Contexte, EntreeMenu, Permission, Portee, Vignette
from ent_core.contrat.manifeste import Manifeste
from ent_core.contrat.roles import Role
from ent_core.identite import modeles as identite
from ent_core.roles import modeles as roles

_ARRETE = "arrêté du 30 novembre 2006 modifié"
_TOUS = frozenset({Population.ELEVE, Population.RESPONSABLE, Population.PERSONNEL, Population.EXTERIEUR})

_ANNUAIRE = Traitement(
    cle="noyau.annuaire",
    version=1,
    finalite="Tenir l'annuaire des personnes, des classes et des liens, sur lequel tout repose.",
    finalite_ent=FinaliteEnt.VIE_SCOLAIRE,
    base=BaseLegale.MISSION_INTERET_PUBLIC,
    textes=(f"{_ARRETE}, articles 1 à 4", "code de l'éducation, article D. 111-1"),
    personnes=_TOUS,
    destinataires=(
        Destinataire(Role.DIRECTION, Portee.ETABLISSEMENT),
        Destinataire(Role.DIRECTION_ADJOINTE, Portee.ETABLISSEMENT),
        Destinataire(Role.CPE, Portee.ETABLISSEMENT),
        Destinataire(Role.ADMINISTRATIF, Portee.ETABLISSEMENT),
        Destinataire(Role.ADMINISTRATEUR_FONCTIONNEL, Portee.ETABLISSEMENT, Acces.ECRIRE),
        Destinataire(Role.ADMINISTRATEUR_ACADEMIQUE, Portee.ACADEMIE, Acces.ECRIRE),
        Destinataire(Role.ENSEIGNANT, Portee.MES_CLASSES),
        Destinataire(Role.RESPONSABLE, Portee.MES_ENFANTS),
        Destinataire(Role.ELEVE, Portee.MOI),
    ),
    conservation=Conservation(
        Depart.PERTE_DE_VOCATION, Duree(mois=3), Sort.SUPPRIMER, autorite=f"{_ARRETE}, article 6"
    ),
)

_COMPTES = Traitement(
    cle="noyau.comptes",
    version=1,
    finalite="Ouvrir et protéger les comptes : connexion, sessions, limitation des essais.",
    finalite_ent=FinaliteEnt.VIE_SCOLAIRE,
    base=BaseLegale.MISSION_INTERET_PUBLIC,
    textes=(f"{_ARRETE}, article 3", "RGPD, article 32", "délibération CNIL n° 2022-100"),
    personnes=_TOUS,
    destinataires=(
        Destinataire(Role.ADMINISTRATEUR_FONCTIONNEL, Portee.ETABLISSEMENT),
        Destinataire(Role.ADMINISTRATEUR_ACADEMIQUE, Portee.ACADEMIE),
    ),
    conservation=Conservation(
        Depart.PERTE_DE_VOCATION, Duree(mois=3), Sort.SUPPRIMER, autorite=f"{_ARRETE}, article 6"
    ),
)

_HABILITATIONS = Traitement(
    cle="noyau.habilitations",
    version=1,
    finalite="Attribuer les rôles locaux et les délégations du chef d'établissement.",
    finalite_ent=FinaliteEnt.VIE_SCOLAIRE,
    base=BaseLegale.MISSION_INTERET_PUBLIC,
    textes=(f"{_ARRETE}, article 4", "RGPD, article 32"),
    personnes=frozenset({Population.PERSONNEL, Population.RESPONSABLE, Population.ELEVE}),
    destinataires=(
        Destinataire(Role.DIRECTION, Portee.ETABLISSEMENT, Acces.ECRIRE),
        Destinataire(Role.ADMINISTRATEUR_FONCTIONNEL, Portee.ETABLISSEMENT),
        Destinataire(Role.ADMINISTRATEUR_ACADEMIQUE, Portee.ACADEMIE),
    ),
    conservation=Conservation(
        Depart.FIN_DE_VALIDITE, Duree(mois=12), Sort.SUPPRIMER, autorite="délibération CNIL n° 2021-122"
    ),
)

_JOURNAL = Traitement(
    cle="noyau.journal",
    version=1,
    finalite="Garder la trace des connexions, des changements de droits et des actes d'administration.",
    finalite_ent=FinaliteEnt.VIE_SCOLAIRE,
    base=BaseLegale.MISSION_INTERET_PUBLIC,
    textes=("RGPD, article 32", "délibération CNIL n° 2021-122 du 14 octobre 2021"),
    personnes=_TOUS,
    destinataires=(
        Destinataire(Role.DIRECTION, Portee.ETABLISSEMENT),
        Destinataire(Role.DPD, Portee.ACADEMIE),
        Destinataire(Role.ADMINISTRATEUR_FONCTIONNEL, Portee.ETABLISSEMENT),
        Destinataire(Role.ADMINISTRATEUR_ACADEMIQUE, Portee.ACADEMIE),
    ),
    conservation=Conservation(
        Depart.CREATION, Duree(mois=12), Sort.SUPPRIMER, autorite="délibération CNIL n° 2021-122"
    ),
)

_ADMINISTRATION: dict[str, Portee] = {
    Role.ADMINISTRATEUR_ACADEMIQUE: Portee.ACADEMIE,
    Role.ADMINISTRATEUR_FONCTIONNEL: Portee.ETABLISSEMENT,
    Role.DIRECTION: Portee.ETABLISSEMENT,
}
_EQUIPE: dict[str, Portee] = {**_ADMINISTRATION, Role.DIRECTION_ADJOINTE: Portee.ETABLISSEMENT}


@implante
def ent_manifeste() -> Manifeste:
    return Manifeste("noyau", "Noyau", __version__, "Identité, rôles, registres et cadre des briques.")


@implante
def ent_modeles() -> Sequence[type]:
    modules = (identite, roles, bascules)
    return [getattr(module, nom) for module in modules for nom in module.__all__]


@implante
def ent_migrations() -> Traversable:
    return files("ent_core") / "migrations"


@implante
def ent_traitements() -> Sequence[Traitement]:
    return (_ANNUAIRE, _COMPTES, _HABILITATIONS, _JOURNAL)


@implante
def ent_permissions() -> Sequence[Permission]:
    return (
        Permission(
            "noyau.etablissements",
            "Voir les établissements et leurs années",
            {Role.ADMINISTRATEUR_ACADEMIQUE: Portee.ACADEMIE, Role.INSPECTION: Portee.ACADEMIE},
        ),
        Permission("noyau.annees", "Tenir les années scolaires et leurs périodes", _ADMINISTRATION),
        Permission("noyau.roles", "Attribuer et retirer les rôles locaux", _ADMINISTRATION),
        Permission(
            "noyau.restrictions", "Enregistrer les restrictions d'un acte de justice", _ADMINISTRATION
        ),
        Permission("noyau.briques", "Ouvrir et fermer les briques", _ADMINISTRATION),
        Permission(
            "noyau.personnes",
            "Chercher et consulter les personnes",
            {**_EQUIPE, Role.CPE: Portee.ETABLISSEMENT, Role.ADMINISTRATIF: Portee.ETABLISSEMENT},
            delegable=True,
        ),
        Permission(
            "noyau.comptes",
            "Remettre des codes d'activation, suspendre et rétablir des comptes",
            _EQUIPE,
            delegable=True,
        ),
        Permission("noyau.imports", "Importer l'annuaire et les listes", _ADMINISTRATION, delegable=True),
        Permission(
            "noyau.journal", "Lire le journal des actes", {**_ADMINISTRATION, Role.DPD: Portee.ACADEMIE}
        ),
        Permission(
            "noyau.delegations",
            "Déléguer et reprendre des permissions",
            {Role.DIRECTION: Portee.ETABLISSEMENT},
        ),
        Permission(
            "noyau.taches",
            "Voir et rejouer les travaux différés",
            {Role.ADMINISTRATEUR_ACADEMIQUE: Portee.ACADEMIE, Role.ADMINISTRATEUR_TECHNIQUE: Portee.ACADEMIE},
        ),
        Permission(
            "noyau.registre",
            "Lire le registre des traitements",
            {**_ADMINISTRATION, Role.DPD: Portee.ACADEMIE},
        ),
    )


@implante
def ent_navigation(contexte: Contexte) -> Sequence[EntreeMenu]:
    return accueil.entrees()


@implante
def ent_tableau_de_bord(session: Session, contexte: Contexte) -> Sequence[Vignette]:
    return accueil.vignettes(session, contexte)
