"""La composition d'un bassin, à l'identique pour une même graine."""

from __future__ import annotations

from ent_core.demo.eleves import Peuplement
from ent_core.demo.etablissements import Taille, etablissements_du_bassin
from ent_core.demo.modele import Bassin
from ent_core.demo.noms import Hasard
from ent_core.demo.numeros import Numeros
from ent_core.demo.personnels import personnels_du_bassin
from ent_core.demo.services import services_du_bassin

__all__ = ["composer_bassin"]


def composer_bassin(taille: Taille, rang: int, graine: int, annee: int) -> Bassin:
    """Compose un bassin : ses établissements, ses agents, ses élèves et leurs responsables.

    Un bassin ne dépend d'aucun autre : on les compose et les écrit l'un après l'autre, sans rien garder.

    :param rang: rang du bassin.
    :param graine: graine de toute la génération.
    :param annee: année scolaire.
    """
    hasard = Hasard.seme(graine, "bassin", rang)
    numeros = Numeros(rang)
    coquilles = etablissements_du_bassin(taille, rang, hasard)
    etablissements, postes = services_du_bassin(coquilles, numeros, hasard.alea)
    agents = personnels_du_bassin(etablissements, postes, annee, numeros, hasard)
    peuplement = Peuplement(etablissements, agents, annee, numeros, hasard)
    peuplement.remplir()
    partages = tuple(p.cle for p in postes if len(p.etablissements) > 1)
    cas = {**peuplement.cas, **({"enseignant_partage": partages} if partages else {})}
    return Bassin(
        rang,
        etablissements,
        tuple(peuplement.eleves),
        tuple(peuplement.responsables),
        agents,
        tuple(cas.items()),
    )
