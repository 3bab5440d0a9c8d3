"""Une brique qui s'élargit attend la réponse de chaque établissement ; qui se restreint continue."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import func, select

from ent_core.contrat.donnees import (
    BaseLegale,
    Conservation,
    Depart,
    Destinataire,
    Duree,
    FinaliteEnt,
    Population,
    Sort,
    Texte,
    Traitement,
)
from ent_core.contrat.interface import Permission, Portee
from ent_core.contrat.roles import Role
from ent_core.essais.annuaire import AUTRE, ECOLE
from ent_core.essais.application import assembler, configuration_essai
from ent_core.essais.instance import FabriqueInstance, InstanceEssai, compter_enonces, faux_brique
from ent_core.identite.modeles import ActeJournal
from ent_core.socle.configuration import BasculeFichier
from ent_core.socle.erreurs import OperationRefusee
from ent_core.vie_privee.acceptation.modeles import Acceptation, DeclarationSoumise
from ent_core.web.routes import BlueprintBrique, exige

PAGE = "/panneau/"
ICI, LA = "enseignant", "enseignant_autre"
ACCEPTATIONS = "/vie-privee/acceptations/"

ETROIT = Traitement(
    cle="panneau.affichage",
    version=1,
    intitule="Affichage du panneau",
    finalite="Afficher le panneau.",
    finalite_ent=FinaliteEnt.VIE_SCOLAIRE,
    base=BaseLegale.MISSION_INTERET_PUBLIC,
    textes=("arrêté du 30 novembre 2006 modifié, article 1er",),
    personnes=frozenset({Population.PERSONNEL}),
    destinataires=(Destinataire(Role.ENSEIGNANT, Portee.ETABLISSEMENT),),
    conservation=Conservation(
        Depart.CREATION,
        Duree(mois=6),
        Sort.SUPPRIMER,
        autorite=Texte("arrêté du 30 novembre 2006, article 6"),
    ),
)
LARGE = replace(
    ETROIT, version=2, conservation=replace(ETROIT.conservation, duree=Duree(mois=12)),
)  # fmt: skip
RESTREINT = replace(ETROIT, version=2, conservation=replace(ETROIT.conservation, duree=Duree(mois=3)))


def panneau(traitement: Traitement) -> ModuleType:
    """La brique « panneau », dans la version qui déclare ce traitement."""
    pages = BlueprintBrique("panneau", __name__)

    @pages.get("/")
    @exige("panneau.lire")
    def accueil() -> str:
        return "le panneau"

    return faux_brique(
        "panneau",
        ent_traitements=lambda: (traitement,),
        ent_permissions=lambda: (
            Permission("panneau.lire", "Lire le panneau", {Role.ENSEIGNANT: Portee.ETABLISSEMENT}),
        ),
        ent_routes=lambda: (pages,),
    )


def livrer(instance: InstanceEssai, traitement: Traitement, **reglages: Any) -> InstanceEssai:
    """Redémarre la même instance avec une autre version de la brique."""
    suivante = assembler(
        instance.base, instance.horloge, configuration_essai(**reglages), {"panneau": panneau(traitement)}
    )
    return replace(instance, application=suivante)


def statut(instance: InstanceEssai, role: str = ICI) -> int:
    return instance.client(role).get(PAGE).status_code


@pytest.fixture
def ouverte(application_avec: FabriqueInstance) -> InstanceEssai:
    """La brique étroite, ouverte dans les deux collèges."""
    instance = application_avec(panneau(ETROIT))
    instance.ouvrir("panneau", AUTRE)
    return instance


def test_ouvrir_vaut_acceptation_et_se_note(ouverte: InstanceEssai) -> None:
    assert (statut(ouverte), statut(ouverte, LA)) == (200, 200)
    with ouverte.base.academie("essai") as session:
        lues = session.scalars(select(Acceptation).order_by(Acceptation.uai)).all()
        assert {(a.uai, a.brique, a.reponse, a.origine) for a in lues} == {
            (ECOLE, "panneau", "acceptee", "ouverture"),
            (AUTRE, "panneau", "acceptee", "ouverture"),
        }
        assert session.scalar(select(func.count()).select_from(DeclarationSoumise)) == 1


@pytest.mark.exigence("RGPD-REG-03")
def test_un_elargissement_suspend_la_brique_partout_jusqu_a_chaque_reponse(ouverte: InstanceEssai) -> None:
    suivante = livrer(ouverte, LARGE)
    assert (statut(suivante), statut(suivante, LA)) == (404, 404)
    page = suivante.client("direction").get(ACCEPTATIONS).text
    assert "Affichage du panneau" in page
    assert "Durée de conservation : 12 mois (avant : 6 mois)." in page
    reponse = suivante.client("direction").post(f"{ACCEPTATIONS}panneau/accepter", data=_lue(page))
    assert reponse.status_code == 302
    assert (statut(suivante), statut(suivante, LA)) == (200, 404)
    with suivante.base.academie("essai") as session:
        actes = session.execute(
            select(ActeJournal.uai, ActeJournal.acteur_id).where(ActeJournal.acte == "registre.acceptee")
        ).all()
    assert [tuple(acte) for acte in actes] == [(ECOLE, suivante.annuaire["direction"])]


def _lue(page: str) -> dict[str, str]:
    return {"empreinte": page.split('name="empreinte" value="')[1].split('"')[0]}


def test_restreindre_ou_mieux_rediger_ne_demande_rien(ouverte: InstanceEssai) -> None:
    for traitement in (RESTREINT, replace(ETROIT, version=2, intitule="Le panneau")):
        suivante = livrer(ouverte, traitement)
        assert statut(suivante) == 200
        page = suivante.client("direction").get(ACCEPTATIONS).text
        assert "attend votre réponse." in page


def test_la_suspension_se_compare_a_ce_qui_est_accepte_et_non_a_la_version_d_avant(
    ouverte: InstanceEssai,
) -> None:
    """Restreindre puis revenir ne passe pas pour un élargissement : le chef avait déjà dit oui à six mois."""
    livrer(ouverte, RESTREINT)
    assert statut(livrer(ouverte, replace(ETROIT, version=3))) == 200


def test_refuser_laisse_la_brique_suspendue_et_l_on_peut_changer_d_avis(ouverte: InstanceEssai) -> None:
    suivante, direction = livrer(ouverte, LARGE), None
    direction = suivante.client("direction")
    lue = _lue(direction.get(ACCEPTATIONS).text)
    assert direction.post(f"{ACCEPTATIONS}panneau/refuser", data=lue).status_code == 302
    assert statut(suivante) == 404
    assert "Vous avez refusé" in direction.get(ACCEPTATIONS).text
    # La version étroite, elle, reste acceptée : revenir en arrière rouvre.
    assert statut(livrer(ouverte, ETROIT)) == 200
    assert direction.post(f"{ACCEPTATIONS}panneau/accepter", data=lue).status_code == 302
    assert statut(suivante) == 200


def test_fermer_puis_rouvrir_ne_vaut_pas_reponse(ouverte: InstanceEssai) -> None:
    suivante = livrer(ouverte, LARGE)
    suivante.fermer("panneau")
    suivante.ouvrir("panneau")
    suivante.reconcilier()
    assert statut(suivante) == 404


def test_seul_le_chef_d_etablissement_repond(ouverte: InstanceEssai) -> None:
    suivante = livrer(ouverte, LARGE)
    lue = _lue(suivante.client("direction").get(ACCEPTATIONS).text)
    for role in ("enseignant", "cpe", "eleve"):
        client = suivante.client(role)
        assert client.get(ACCEPTATIONS).status_code == 403
        assert client.post(f"{ACCEPTATIONS}panneau/accepter", data=lue).status_code == 403
    assert statut(suivante) == 404


def test_accepter_vaut_pour_ce_que_l_on_a_lu(ouverte: InstanceEssai) -> None:
    lue = _lue(livrer(ouverte, LARGE).client("direction").get(ACCEPTATIONS).text)
    plus_large = livrer(ouverte, replace(LARGE, version=3, seuil=2))
    reponse = plus_large.client("direction").post(f"{ACCEPTATIONS}panneau/accepter", data=lue)
    assert reponse.status_code == 409
    assert statut(plus_large) == 404


def test_il_n_y_a_rien_a_refuser_quand_rien_ne_s_elargit(ouverte: InstanceEssai) -> None:
    acceptations = ouverte.ent.activation.acceptations
    with ouverte.base.academie("essai") as session:
        (soumise,) = acceptations.soumissions(session, ECOLE, ["panneau"])
        with pytest.raises(OperationRefusee):
            acceptations.refuser(session, ouverte.horloge, "panneau", ECOLE, soumise.empreinte)


def test_une_reponse_remplacee_garde_sa_ligne(ouverte: InstanceEssai) -> None:
    suivante = livrer(ouverte, LARGE)
    acceptations = suivante.ent.activation.acceptations
    with suivante.base.academie("essai") as session:
        (soumise,) = acceptations.soumissions(session, ECOLE, ["panneau"])
        for repondre in (acceptations.refuser, acceptations.accepter):
            repondre(session, suivante.horloge, "panneau", ECOLE, soumise.empreinte, origine="commande")
        histoire = [(r.reponse, r.origine) for r in acceptations.histoire(session, ECOLE)]
        en_vigueur = session.scalar(
            select(func.count()).where(Acceptation.uai == ECOLE, Acceptation.remplacee_le.is_(None))
        )
    assert sorted(histoire) == [("acceptee", "commande"), ("acceptee", "ouverture"), ("refusee", "commande")]
    assert en_vigueur == 1


def test_une_ecole_ne_lit_pas_les_reponses_d_une_autre(ouverte: InstanceEssai) -> None:
    with ouverte.base.ecole(ECOLE, "essai") as session:
        assert set(session.execute(select(Acceptation.__table__.c.uai)).scalars()) == {ECOLE}


def test_une_bascule_du_fichier_vaut_acceptation_au_demarrage(application_avec: FabriqueInstance) -> None:
    pilote = BasculeFichier(brique="panneau", etablissements=(ECOLE,), du=date(2026, 1, 1))
    instance = application_avec(
        panneau(ETROIT), ouvertes=False, configuration=configuration_essai(bascules=(pilote,))
    )
    assert statut(instance) == 404, "rien n'est ouvert avant que la brique soit prévenue"
    instance.reconcilier()
    assert statut(instance) == 200
    suivante = livrer(instance, LARGE, bascules=(pilote,))
    suivante.reconcilier()
    assert statut(suivante) == 404


def test_l_accueil_previent_le_chef_et_lui_seul(ouverte: InstanceEssai) -> None:
    suivante = livrer(ouverte, LARGE)
    assert "une brique fait davantage des données" in suivante.client("direction").get("/").text
    assert "davantage des données" not in suivante.client("enseignant").get("/").text
    assert "davantage des données" not in ouverte.client("direction").get("/").text


def test_savoir_ce_qui_est_actif_ne_coute_qu_un_enonce(ouverte: InstanceEssai) -> None:
    suivante = livrer(ouverte, RESTREINT)
    jour = suivante.horloge.aujourd_hui()
    with suivante.base.ecole(ECOLE, "essai") as session:
        assert suivante.ent.activation.actives(session, ECOLE, jour) == {"panneau"}
        with compter_enonces(suivante.base) as enonces:
            assert suivante.ent.activation.actives(session, ECOLE, jour) == {"panneau"}
    assert len(enonces) == 1
