"""Les responsables d'une fratrie : couple, parents séparés, parent seul, tuteur, aide sociale à l'enfance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum

from ent_core.demo.etablissements import adresse
from ent_core.demo.listes_noms import Aire
from ent_core.demo.modele import Adresse, LienResponsable, Personnel, Responsable
from ent_core.demo.noms import Hasard
from ent_core.demo.numeros import Numeros

__all__ = [
    "DOMAINE_FAMILLES",
    "Foyer",
    "Fratrie",
    "Situation",
    "aide_sociale",
    "composer_foyer",
    "soi_meme",
    "tirer_situation",
]

DOMAINE_FAMILLES = "courriel.invalid"

_MERE, _PERE, _ASCENDANT, _EDUCATEUR, _TUTEUR, _ASE, _SOI = "10", "20", "38", "41", "50", "51", "70"
_ETRANGER = Adresse(("HAUPTSTRASSE 5",), "", "", "ALLEMAGNE")


class Situation(Enum):
    """Qui est responsable des enfants ; la valeur est la fréquence."""

    COUPLE = 640
    SEPARES = 210
    MERE_SEULE = 105
    PERE_SEUL = 25
    TUTEUR = 15
    ASE = 5


_SITUATIONS = tuple(Situation)
_FREQUENCES = tuple(s.value for s in _SITUATIONS)


@dataclass(frozen=True, slots=True)
class Fratrie:
    """Ce que l'on sait des enfants avant de composer leur foyer.

    :param cles: identifiants des enfants.
    :param nom: nom imposé, ou chaîne vide.
    :param agent: agent de l'académie qui est aussi un parent (fiche distincte, jamais fusionnée).
    """

    cles: tuple[int, ...]
    commune: tuple[str, str]
    situation: Situation
    nom: str = ""
    agent: Personnel | None = None


@dataclass(frozen=True, slots=True)
class Foyer:
    """Les responsables d'une fratrie et ce que les enfants en tiennent."""

    aire: Aire
    nom_naissance: str
    nom_usage: str
    adresse: Adresse
    cohabitants: tuple[int, ...]
    responsables: tuple[Responsable, ...]
    liens: tuple[LienResponsable, ...]


def tirer_situation(hasard: Hasard) -> Situation:
    """Une situation de famille, selon les fréquences."""
    return hasard.alea.choices(_SITUATIONS, _FREQUENCES)[0]


def composer_foyer(fratrie: Fratrie, ase: int, numeros: Numeros, hasard: Hasard) -> Foyer:
    """Compose le foyer d'une fratrie.

    :param ase: identifiant du service de l'aide sociale à l'enfance du bassin.
    """
    aire = hasard.aire()
    nom_pere = fratrie.nom or hasard.nom(aire)
    nom_mere = hasard.nom(aire if hasard.chance(0.75) else hasard.aire())
    domicile = adresse(hasard, fratrie.commune)
    situation = fratrie.situation
    if situation is Situation.ASE:
        educateur = _parent(fratrie, nom_mere, nom_mere, aire, hasard.chance(0.5), domicile, numeros, hasard)
        return Foyer(
            aire, nom_pere, nom_pere, domicile, (), (educateur,),
            (
                LienResponsable(ase, _ASE, 1, 1, 0, 1),
                LienResponsable(educateur.cle, _EDUCATEUR, 0, 0, 1, 0),
            ),
        )  # fmt: skip
    if situation is Situation.TUTEUR:
        tuteur = _parent(fratrie, nom_mere, nom_mere, aire, hasard.chance(0.6), domicile, numeros, hasard)
        lien = LienResponsable(tuteur.cle, _TUTEUR, 1, 1, 1, 1)
        return Foyer(aire, nom_pere, nom_pere, domicile, (tuteur.cle,), (tuteur,), (lien,))
    responsables, liens = _parents(fratrie, nom_pere, nom_mere, aire, domicile, numeros, hasard)
    cohabitants = tuple(r.cle for r in responsables if r.adresse == domicile)
    if hasard.chance(0.06):
        aieul = _parent(
            fratrie, nom_mere, nom_mere, aire, hasard.chance(0.7),
            adresse(hasard, fratrie.commune), numeros, hasard,
        )  # fmt: skip
        responsables.append(aieul)
        liens.append(LienResponsable(aieul.cle, _ASCENDANT, 0, 0, 1, 0))
    naissance, usage = _noms_des_enfants(fratrie, nom_pere, nom_mere, hasard)
    return Foyer(aire, naissance, usage, domicile, cohabitants, tuple(responsables), tuple(liens))


def _noms_des_enfants(fratrie: Fratrie, nom_pere: str, nom_mere: str, hasard: Hasard) -> tuple[str, str]:
    if fratrie.nom:
        return fratrie.nom, fratrie.nom
    if fratrie.situation is Situation.MERE_SEULE:
        return nom_mere, nom_mere
    # Le code civil ne permet d'accoler que deux noms : un nom déjà double ne l'est pas de nouveau.
    accolable = nom_pere != nom_mere and len(nom_pere) + len(nom_mere) < 22 and "-" not in nom_pere + nom_mere
    tirage = hasard.alea.random()
    if tirage < 0.06:
        return nom_mere, nom_mere
    if tirage < 0.14 and accolable:
        return f"{nom_pere} {nom_mere}", f"{nom_pere} {nom_mere}"
    if tirage < 0.18 and accolable:
        return nom_pere, f"{nom_pere}-{nom_mere}"
    return nom_pere, nom_pere


def _parents(
    fratrie: Fratrie,
    nom_pere: str,
    nom_mere: str,
    aire: Aire,
    domicile: Adresse,
    numeros: Numeros,
    hasard: Hasard,
) -> tuple[list[Responsable], list[LienResponsable]]:
    situation = fratrie.situation
    usage_mere = nom_pere if situation is Situation.COUPLE and hasard.chance(0.6) else nom_mere
    separes = situation is Situation.SEPARES
    autre = domicile
    if separes:
        autre = _ETRANGER if hasard.chance(0.02) else adresse(hasard, fratrie.commune)
    agent_pere = fratrie.agent is not None and fratrie.agent.civilite == "M."
    responsables: list[Responsable] = []
    liens: list[LienResponsable] = []
    if situation is not Situation.PERE_SEUL:
        mere = _parent(fratrie, nom_mere, usage_mere, aire, True, domicile, numeros, hasard)
        if fratrie.agent is not None and not agent_pere:
            mere = _comme_agent(mere, fratrie.agent)
        responsables.append(mere)
        liens.append(LienResponsable(mere.cle, _MERE, 1, 1, 1, 1))
    if situation is not Situation.MERE_SEULE:
        pere = _parent(fratrie, nom_pere, nom_pere, aire, False, autre, numeros, hasard)
        if fratrie.agent is not None and agent_pere:
            pere = _comme_agent(pere, fratrie.agent)
        seul = not responsables
        responsables.append(pere)
        payeur = int(seul or hasard.chance(0.3))
        legal = 1 if separes or seul else 2
        liens.append(LienResponsable(pere.cle, _PERE, payeur, legal, int(seul or hasard.chance(0.7)), payeur))
    return responsables, liens


def _parent(
    fratrie: Fratrie,
    naissance: str,
    usage: str,
    aire: Aire,
    femme: bool,
    domicile: Adresse,
    numeros: Numeros,
    hasard: Hasard,
) -> Responsable:
    prenom = hasard.prenom_adulte(aire, femme)
    return Responsable(
        cle=numeros.personne(),
        civilite="Mme" if femme else "M.",
        nom_naissance=naissance,
        nom_usage=usage,
        prenom=prenom,
        naissance=None,
        adresse=domicile,
        fixe=hasard.telephone_fixe() if hasard.chance(0.4) else "",
        professionnel=hasard.telephone_fixe() if hasard.chance(0.2) else "",
        mobile=hasard.telephone_mobile() if hasard.chance(0.93) else "",
        courriel=numeros.courriel(prenom, usage, DOMAINE_FAMILLES) if hasard.chance(0.9) else "",
        diffusion=hasard.chance(0.4),
        eleves=fratrie.cles,
    )


def _comme_agent(parent: Responsable, agent: Personnel) -> Responsable:
    """La fiche de parent d'un agent : mêmes nom et naissance, autre identifiant, autre adresse."""
    return replace(
        parent,
        civilite=agent.civilite,
        nom_naissance=agent.nom_naissance,
        nom_usage=agent.nom_usage,
        prenom=agent.prenom,
        naissance=agent.naissance,
    )


def soi_meme(
    cle: int,
    civilite: str,
    nom: str,
    prenom: str,
    naissance: date,
    foyer: Foyer,
    numeros: Numeros,
    hasard: Hasard,
) -> tuple[Responsable, tuple[LienResponsable, ...]]:
    """La fiche de responsable d'un élève majeur, et ses liens : ses parents ne sont plus que des contacts.

    :param cle: identifiant de l'élève.
    """
    fiche = Responsable(
        cle=numeros.personne(),
        civilite=civilite,
        nom_naissance=foyer.nom_naissance,
        nom_usage=nom,
        prenom=prenom,
        naissance=naissance,
        adresse=foyer.adresse,
        fixe="",
        professionnel="",
        mobile=hasard.telephone_mobile(),
        courriel=numeros.courriel(prenom, nom, DOMAINE_FAMILLES),
        diffusion=False,
        eleves=(cle,),
    )
    parents = tuple(
        LienResponsable(lien.responsable, lien.code, lien.financier, 0, 1, lien.paiement)
        for lien in foyer.liens
    )
    return fiche, (LienResponsable(fiche.cle, _SOI, 0, 1, 1, 0), *parents)


def aide_sociale(cle: int, eleves: Sequence[int], commune: tuple[str, str], hasard: Hasard) -> Responsable:
    """Le service de l'aide sociale à l'enfance : un organisme, sans prénom ni civilité."""
    nom = "SERVICE DE L'AIDE SOCIALE A L'ENFANCE"
    return Responsable(
        cle=cle,
        civilite="",
        nom_naissance=nom,
        nom_usage=nom,
        prenom="",
        naissance=None,
        adresse=Adresse(("1 PLACE DU DEPARTEMENT",), *commune),
        fixe=hasard.telephone_fixe(),
        professionnel="",
        mobile="",
        courriel=f"ase.{cle}@departement-exemple.invalid",
        diffusion=False,
        eleves=tuple(eleves),
    )
