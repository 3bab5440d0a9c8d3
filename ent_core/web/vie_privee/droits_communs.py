"""Ce que les pages de la personne et celles du guichet ont en commun : la session, les mots, le guichet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from ent_core.chargement.droits import Guichet
from ent_core.contrat.donnees import Traitement
from ent_core.socle.erreurs import Introuvable
from ent_core.vie_privee.droits import demandes
from ent_core.vie_privee.droits.avis import MOTIFS, RECOURS, MotifRefus
from ent_core.vie_privee.droits.demandes import Controle, Etat
from ent_core.vie_privee.droits.modeles import Demande
from ent_core.vie_privee.droits.qualite import Qualite
from ent_core.vie_privee.publication.droits import Droit
from ent_core.web.instance import instance
from ent_core.web.requete import requete

__all__ = ["CONTROLES", "DROITS", "QUALITES", "Fiche", "academie", "fiche", "guichet", "traitement_choisi"]

DROITS: dict[str, str] = {
    Droit.ACCES.name.lower(): "Recevoir une copie de ce qui est enregistré",
    Droit.RECTIFICATION.name.lower(): "Faire corriger ce qui est faux",
    Droit.EFFACEMENT.name.lower(): "Faire effacer",
    Droit.LIMITATION.name.lower(): "Faire suspendre l'emploi, le temps de vérifier",
    Droit.OPPOSITION.name.lower(): "S'y opposer, pour une raison qui tient à sa situation",
    Droit.PORTABILITE.name.lower(): "Emporter dans un format réutilisable",
    Droit.RETRAIT.name.lower(): "Retirer son accord",
}
"""Droit → ce que l'on demande, en clair."""

QUALITES: dict[str, str] = {
    Qualite.SOI: "la personne elle-même",
    Qualite.ELEVE_MINEUR: "l'élève mineur, lui-même",
    Qualite.RESPONSABLE: "un responsable légal",
    Qualite.MANDATAIRE: "un mandataire",
}
CONTROLES: dict[str, str] = {
    Controle.CONNUE: "Personne connue de l'établissement",
    Controle.PIECE_VUE: "Pièce d'identité vue, non copiée",
    Controle.MANDAT: "Mandat écrit",
}
_ETATS: dict[str, tuple[str, str]] = {
    Etat.RECUE: ("Reçue", "info"),
    Etat.EN_COURS: ("En cours", "info"),
    Etat.REPONDUE: ("Répondue", "succes"),
    Etat.REFUSEE: ("Refusée", "refus"),
    Etat.RETIREE: ("Retirée", "neutre"),
}


@dataclass(frozen=True, slots=True)
class Fiche:
    """Une demande, dans les mots de la page.

    :param delai: « en_retard », « bientot », « a_temps », ou vide si elle est close.
    :param refus: motif du refus, en clair.
    """

    demande: Demande
    numero: str
    droit: str
    etat: str
    ton: str
    delai: str
    reste: int
    traitement: str
    qualite: str
    refus: str
    recours: str

    @property
    def close(self) -> bool:
        """Vrai si elle est close."""
        return self.demande.close_le is not None


@contextmanager
def academie(motif: str) -> Iterator[Session]:
    """Session qui lit toutes les tables ; la page borne elle-même ce qu'elle montre.

    :param motif: motif de l'accès, gardé dans les traces.
    """
    # La connexion de la requête est rendue avant d'en prendre une autre : la réserve est petite.
    requete().base.commit()
    with instance().base.academie(motif) as session:
        yield session


def guichet() -> Guichet:
    """Guichet de l'instance."""
    ent = instance()
    return Guichet(ent.configuration, ent.chargement, ent.horloge)


def fiche(demande: Demande, jour: date) -> Fiche:
    """Met une demande en mots.

    :param jour: jour considéré.
    """
    etat, ton = _ETATS[demande.etat]
    traitement = instance().registre.traitements.get(demande.traitement or "")
    motif = demande.motif_refus
    return Fiche(
        demande=demande,
        numero=demandes.numero(demande),
        droit=DROITS[demande.droit],
        etat=etat,
        ton=ton,
        delai=demandes.etat_de(demande, jour),
        reste=(demande.echeance - jour).days,
        traitement=traitement.intitule if traitement else "",
        qualite=QUALITES.get(demande.qualite, ""),
        refus=MOTIFS[MotifRefus(motif)] if motif else "",
        recours=RECOURS if motif else "",
    )


def traitement_choisi(cle: str | None) -> Traitement | None:
    """Traitement nommé par un formulaire.

    :raises Introuvable: il n'existe pas.
    """
    if not cle:
        return None
    trouve = instance().registre.traitements.get(cle)
    if trouve is None:
        raise Introuvable("ce traitement n'existe pas.", remede="le choisir dans la liste.")
    return trouve


def droit_choisi(code: str) -> Droit:
    """Droit nommé par un formulaire, déjà vérifié par la saisie."""
    return Droit[code.upper()]


def identifiant(texte: str) -> UUID | None:
    """Identifiant d'un choix de personne ; ``None`` si ce n'en est pas un."""
    try:
        return UUID(texte)
    except ValueError:
        return None
