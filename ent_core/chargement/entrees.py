"""Les fournisseurs d'identité d'une instance : ceux du fichier de configuration et ceux des briques."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ent_core.chargement.decouverte import Chargement
from ent_core.contrat.fournisseurs import FORME_CLE, Fournisseur
from ent_core.contrat.resultats import Anomalie
from ent_core.federation.entrees import controler
from ent_core.socle.configuration import Configuration
from ent_core.socle.fournisseurs import lire_secret

__all__ = ["controler_entrees", "fournisseurs_de"]


def fournisseurs_de(chargement: Chargement, configuration: Configuration) -> dict[str, Fournisseur]:
    """Fournisseurs par clé, secrets lus ; le fichier l'emporte sur une brique.

    :param chargement: briques chargées.
    :param configuration: configuration de l'instance.
    :raises ConfigurationInvalide: le secret d'une brique est illisible.
    """
    des_briques = {
        cle: replace(declare, secret=lire_secret(declare.secret_fichier, f"fournisseur {cle}"))
        for brique in chargement.briques
        for cle, declare in brique.fournisseurs.items()
    }
    return {**des_briques, **configuration.fournisseurs}


def controler_entrees(chargement: Chargement, configuration: Configuration) -> Iterator[Anomalie]:
    """Contrôle les fournisseurs avant de démarrer.

    :param chargement: briques chargées.
    :param configuration: configuration de l'instance.
    """
    for brique in chargement.briques:
        rendus, nom = brique.fournisseurs, brique.id.replace("_", "-")
        bien = isinstance(rendus, Mapping) and all(
            isinstance(declare, Fournisseur) and FORME_CLE.fullmatch(cle) and f"{cle}-".startswith(f"{nom}-")
            for cle, declare in rendus.items()
        )
        if not bien:
            yield Anomalie(
                "FEDERATION-004",
                f"brique {brique.id}, crochet ent_fournisseurs_identite",
                "il ne rend pas des Fournisseur dont la clé commence par le nom de la brique",
                f"rendre {{'{nom}-…': Fournisseur(…)}}",
            )
            return
    yield from controler(fournisseurs_de(chargement, configuration), production=configuration.production)
