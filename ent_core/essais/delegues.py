"""Ce qui parle au nom d'une personne sans sa session : le lien d'un agenda, le jeton d'un service relié."""

from __future__ import annotations

from uuid import UUID, uuid4

from flask.testing import FlaskClient
from sqlalchemy import delete, select
from werkzeug.test import TestResponse

from ent_core.contrat.donnees import BaseLegale
from ent_core.contrat.roles import Profil
from ent_core.contrat.services import OptionsOidc, ServiceTiers
from ent_core.essais.instance import InstanceEssai
from ent_core.federation.fournisseur_oidc import jetons
from ent_core.federation.fournisseur_oidc.accords import accorder
from ent_core.federation.fournisseur_oidc.mandat import Mandat
from ent_core.federation.services import connus, declarer
from ent_core.identite import liens_personnels
from ent_core.identite.modeles import Compte, LienPersonnel
from ent_core.identite.titres import Titre

__all__ = ["SERVICE", "creer_jeton", "creer_lien", "lire_par_jeton", "lire_par_lien", "titre"]

SERVICE = "agenda-en-ligne"
"""Service relié des essais ; il est déclaré à son premier jeton."""


def titre(instance: InstanceEssai, role: str) -> Titre:
    """Titre d'une personne de l'annuaire, et son compte, créé au besoin.

    :param instance: instance d'essai.
    :param role: nom de rôle.
    """
    compte = _compte(instance, role)
    if compte is None:
        instance.client(role)  # le compte naît avec la première session
        compte = _compte(instance, role)
    assert compte is not None
    profil = instance.annuaire.profils[role]
    return Titre(compte, instance.annuaire[role], instance.uai_de(role), "Collège des Essais", profil)


def creer_lien(instance: InstanceEssai, role: str, adresse: str, *, seul: bool = False) -> str:
    """Jeton d'un lien personnel.

    :param instance: instance d'essai.
    :param role: nom de rôle.
    :param adresse: chemin qu'il ouvre.
    :param seul: retirer d'abord les autres liens de la personne.
    """
    qui = titre(instance, role)
    with instance.base.academie("essai : lien") as session:
        if seul:
            session.execute(delete(LienPersonnel).where(LienPersonnel.compte_id == qui.compte_id))
        return liens_personnels.creer(session, instance.horloge, qui, adresse, "mon téléphone")


def creer_jeton(instance: InstanceEssai, role: str, *portees: str) -> str:
    """Jeton d'accès du service des essais, accordé par la personne.

    :param instance: instance d'essai.
    :param role: nom de rôle.
    :param portees: portées accordées.
    """
    _declarer(instance)
    qui = titre(instance, role)
    mandat = Mandat(
        uuid4(), SERVICE, qui.compte_id, qui.personne_id, qui.uai, qui.profil, uuid4(), "locale", "locale", 1,
        instance.horloge.maintenant(), portees, prolonge=True,
    )  # fmt: skip
    with instance.base.academie("essai : jeton") as session:
        accorder(
            session, instance.horloge, compte_id=qui.compte_id, personne_id=qui.personne_id, uai=qui.uai,
            service=SERVICE, portees=portees,
        )  # fmt: skip
        return jetons.emettre(session, instance.horloge, mandat)[0]


def lire_par_lien(
    instance: InstanceEssai, jeton: str, adresse: str, client: FlaskClient | None = None
) -> TestResponse:
    """Ce que reçoit un agenda.

    :param instance: instance d'essai.
    :param jeton: jeton du lien.
    :param adresse: chemin demandé.
    :param client: navigateur, s'il envoie aussi un témoin.
    """
    return (client or instance.application.test_client()).get(adresse, query_string={"lien": jeton})


def lire_par_jeton(instance: InstanceEssai, jeton: str, adresse: str, methode: str = "GET") -> TestResponse:
    """Ce que reçoit un service relié.

    :param instance: instance d'essai.
    :param jeton: jeton d'accès.
    :param adresse: chemin demandé.
    :param methode: méthode HTTP.
    """
    client = instance.application.test_client()
    return client.open(adresse, method=methode, headers={"Authorization": f"Bearer {jeton}"})


def _compte(instance: InstanceEssai, role: str) -> UUID | None:
    with instance.base.academie("essai : titre") as session:
        enonce = select(Compte.id).where(Compte.personne_id == instance.annuaire[role])
        return session.scalars(enonce).one_or_none()


def _declarer(instance: InstanceEssai) -> None:
    """Déclare le service, ouvert à tous, avec tous les traitements de l'instance pour portées."""
    service = ServiceTiers(
        cle=SERVICE, nom="Agenda en ligne", adresse="https://agenda.exemple.invalid/",
        profils=frozenset(Profil), finalite="Réunir ses rendez-vous.", base=BaseLegale.CONSENTEMENT,
        destinataire="Éditeur d'agendas", contact="dpd@agenda.exemple.invalid",
        options=OptionsOidc(
            retours=("https://agenda.exemple.invalid/retour",),
            portees=tuple(instance.ent.registre.traitements),
        ),
    )  # fmt: skip
    with instance.base.academie("essai : service relié") as session:
        if all(connu.service.cle != SERVICE for connu in connus(session, ())):
            declarer(session, instance.horloge, service, (), permis=frozenset(), origine="commande")
