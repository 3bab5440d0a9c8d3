"""Les agents : enseignants des postes pourvus, direction, vie scolaire, administration, santé."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from ent_core.demo.etablissements import ZONE_DE_REMPLACEMENT
from ent_core.demo.modele import Etablissement, Fonction, Personnel
from ent_core.demo.nomenclatures import DISCIPLINES
from ent_core.demo.noms import Hasard
from ent_core.demo.numeros import Numeros
from ent_core.demo.services import Poste

__all__ = ["DOMAINE_ACADEMIQUE", "personnels_du_bassin"]

DOMAINE_ACADEMIQUE = "ac-exemple.invalid"

# (fonction, libellé, discipline, libellé de discipline, un agent de plus par tant d'élèves)
_EMPLOIS = (
    ("DIR", "DIRECTION", "D0010", "CHEF D'ETABLISSEMENT", 0),
    ("DIR", "DIRECTION", "D0011", "CHEF D'ETABLISSEMENT ADJOINT", 0),
    ("ADF", "PERSONNELS ADMINISTRATIFS", "", "-", 0),
    ("ADF", "PERSONNELS ADMINISTRATIFS", "", "-", 400),
    ("EDU", "EDUCATION", "E0030", "EDUCATION", 300),
    ("AED", "ASSISTANT D'EDUCATION", "", "-", 75),
    ("DOC", "DOCUMENTATION", "L0080", "DOCUMENTATION", 0),
    ("AES", "ACCOMPAGNEMENT DES ELEVES EN SITUATION DE HANDICAP", "", "-", 150),
    ("MDS", "PERSONNELS MEDICO-SOCIAUX", "", "-", 0),
    ("OUV", "PERSONNELS OUVRIERS ET DE SERVICES", "", "-", 200),
)
_LABORATOIRE = ("ALB", "PERSONNELS DE LABORATOIRE", "", "-")
_PSYCHOLOGUE = ("ORI", "ORIENTATION", "", "-")


def personnels_du_bassin(
    etablissements: Sequence[Etablissement],
    postes: Sequence[Poste],
    annee: int,
    numeros: Numeros,
    hasard: Hasard,
) -> tuple[Personnel, ...]:
    """Tous les agents d'un bassin, enseignants d'abord.

    :param postes: postes d'enseignant à pourvoir.
    :param annee: année scolaire, dont dépendent les âges.
    """
    cles = {e.rang: e.cle for e in etablissements}
    remplacant = next((p.cle for p in postes if p.discipline == "LM"), 0)
    agents = [_enseignant(poste, cles, poste.cle == remplacant, annee, numeros, hasard) for poste in postes]
    for etablissement in etablissements:
        eleves = sum(d.effectif for d in etablissement.divisions)
        for *emploi, par in _EMPLOIS:
            for _ in range(max(1, round(eleves / par)) if par else 1):
                agents.append(_agent([etablissement.cle], emploi, annee, numeros, hasard))
        if etablissement.type != "CLG":
            agents.append(_agent([etablissement.cle], _LABORATOIRE, annee, numeros, hasard))
    agents.append(_agent(list(cles.values()), _PSYCHOLOGUE, annee, numeros, hasard))
    return tuple(agents)


def _agent(
    structures: Sequence[int], emploi: Sequence[str], annee: int, numeros: Numeros, hasard: Hasard
) -> Personnel:
    fonctions = tuple(Fonction(structure, *emploi) for structure in structures)
    return _personne(numeros.personne(), "", structures[0], fonctions, annee, numeros, hasard)


def _enseignant(
    poste: Poste, cles: dict[int, int], remplacant: bool, annee: int, numeros: Numeros, hasard: Hasard
) -> Personnel:
    discipline = DISCIPLINES[poste.discipline]
    structures = [cles[rang] for rang in poste.etablissements]
    rattachement = structures[0]
    if remplacant:
        rattachement = ZONE_DE_REMPLACEMENT
        structures.insert(0, rattachement)
    fonctions = tuple(
        Fonction(structure, "ENS", "ENSEIGNEMENT", discipline.poste, discipline.libelle)
        for structure in structures
    )
    return _personne(
        poste.cle, poste.discipline, rattachement, fonctions, annee, numeros, hasard, tuple(poste.principal)
    )


def _personne(
    cle: int,
    discipline: str,
    rattachement: int,
    fonctions: tuple[Fonction, ...],
    annee: int,
    numeros: Numeros,
    hasard: Hasard,
    principal: tuple[tuple[int, str], ...] = (),
) -> Personnel:
    femme = hasard.chance(0.6)
    aire = hasard.aire()
    naissance = hasard.nom(aire)
    usage = hasard.nom(hasard.aire()) if femme and hasard.chance(0.35) else naissance
    prenom = hasard.prenom_adulte(aire, femme)
    return Personnel(
        cle=cle,
        civilite="Mme" if femme else "M.",
        nom_naissance=naissance,
        nom_usage=usage,
        prenom=prenom,
        naissance=date(annee - 62, 1, 1) + timedelta(days=hasard.alea.randrange(38 * 365)),
        courriel=numeros.courriel(prenom, usage, DOMAINE_ACADEMIQUE),
        discipline=discipline,
        rattachement=rattachement,
        fonctions=fonctions,
        principal=principal,
    )
