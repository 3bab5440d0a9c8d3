"""Le profil national ne distingue pas l'adjoint du chef : le chef le désigne parmi la direction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from ent_core.contrat.interface import Contexte
from ent_core.contrat.roles import Profil, Role
from ent_core.essais.annuaire import ANNEE, ECOLE, RENTREE
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.identite.modeles import Rattachement
from ent_core.roles.attribution import attribuer
from ent_core.roles.locaux import attribuables, attribuer_role
from ent_core.socle.erreurs import AccesRefuse, OperationRefusee


@pytest.fixture
def instance(application_avec: FabriqueInstance) -> InstanceEssai:
    montee = application_avec()
    with montee.base.academie("essai : un second personnel de direction") as session:
        session.add(
            Rattachement(
                uai=ECOLE, personne_id=montee.annuaire["collegue"], profil=Profil.DIRECTION.value,
                fonction="DIR", source="essai", debut=RENTREE,
            )
        )  # fmt: skip
    return montee


@pytest.fixture
def session(instance: InstanceEssai) -> Iterator[Session]:
    with instance.base.academie("essai : adjoint") as ouverte:
        yield ouverte


def contexte(instance: InstanceEssai, session: Session, personne: UUID) -> Contexte:
    """Qui agit à son titre de direction, avec ses rôles du jour."""
    jour, profil = instance.horloge.aujourd_hui(), Profil.DIRECTION.value
    roles = attribuer(session, ECOLE, personne, profil, jour).roles
    return Contexte(personne, personne, ECOLE, "Collège", profil, jour, ANNEE, roles=roles)


def designer(instance: InstanceEssai, session: Session, qui: Contexte, personne: UUID) -> None:
    attribuer_role(
        session, instance.horloge, qui, uai=ECOLE, personne_id=personne, role=Role.DIRECTION_ADJOINTE,
        debut=instance.horloge.aujourd_hui(), fin=date(2027, 8, 1),
    )  # fmt: skip


@pytest.mark.exigence("DISC-11")
def test_l_adjoint_designe_n_est_plus_le_chef(instance: InstanceEssai, session: Session) -> None:
    chef, second = instance.annuaire["direction"], instance.annuaire["collegue"]
    assert contexte(instance, session, second).roles == {Role.DIRECTION}
    designer(instance, session, contexte(instance, session, chef), second)
    adjoint = contexte(instance, session, second)
    assert adjoint.roles == {Role.DIRECTION_ADJOINTE}
    assert attribuables(adjoint) == (), "il ne se rend pas ce qu'il n'a plus"
    assert contexte(instance, session, chef).roles == {Role.DIRECTION}


def test_seul_le_chef_designe_un_adjoint_parmi_la_direction(
    instance: InstanceEssai, session: Session
) -> None:
    chef = contexte(instance, session, instance.annuaire["direction"])
    administrateur = replace(chef, roles=frozenset({Role.ADMINISTRATEUR_FONCTIONNEL}))
    with pytest.raises(AccesRefuse):
        designer(instance, session, administrateur, chef.personne_id)
    with pytest.raises(OperationRefusee, match="adjoint de direction"):
        designer(instance, session, chef, instance.annuaire["cpe"])
