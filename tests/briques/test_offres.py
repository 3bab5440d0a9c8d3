"""Ce qu'une brique demande à une autre : typé, par le noyau, et sans que l'une nomme l'autre."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from ent_core.brique import Contexte, DecompteScelle, DecomptesScelles, OperationRefusee, consulter
from ent_core.essais.annuaire import ECOLE
from ent_core.essais.instance import FabriqueInstance, InstanceEssai, faux_brique

ELEVE = uuid4()
SCELLE = DecompteScelle(ELEVE, 4, 1, 2, datetime(2026, 12, 1, tzinfo=UTC))
DEMANDE = DecomptesScelles(2026, 1, frozenset({ELEVE}))


def offrir(session: Session, contexte: Contexte, demande: Any) -> Iterator[DecompteScelle] | None:
    return iter([SCELLE]) if isinstance(demande, DecomptesScelles) else None


def se_taire(session: Session, contexte: Contexte, demande: Any) -> None:
    return None


def echouer(session: Session, contexte: Contexte, demande: Any) -> None:
    raise RuntimeError("en panne")


def demander(instance: InstanceEssai, *ouvertes: str) -> tuple[DecompteScelle, ...] | None:
    contexte = Contexte(
        uuid4(), uuid4(), ECOLE, "Collège", "National_DIR", instance.horloge.aujourd_hui(), 2026,
        briques=frozenset(ouvertes),
    )  # fmt: skip
    with instance.application.app_context(), instance.base.ecole(ECOLE, "essai") as session:
        return consulter(session, contexte, DEMANDE)


@pytest.fixture
def avec(application_avec: FabriqueInstance) -> Callable[..., InstanceEssai]:
    return lambda **briques: application_avec(
        *(faux_brique(nom, ent_repondre=repondre) for nom, repondre in briques.items())
    )


def test_qui_offre_repond_a_qui_demande_si_elle_est_ouverte_ici(avec: Callable[..., InstanceEssai]) -> None:
    instance = avec(discrete=se_taire, genereuse=offrir)
    assert demander(instance, "discrete", "genereuse") == (SCELLE,)
    assert demander(instance, "discrete") is None, "fermée, elle n'offre rien : saisir à la main"


def test_une_brique_en_panne_se_dit_et_ne_passe_pas_pour_absente(avec: Callable[..., InstanceEssai]) -> None:
    with pytest.raises(OperationRefusee, match="ne répond pas"):
        demander(avec(fragile=echouer), "fragile")
