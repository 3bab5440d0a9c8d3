"""L'effacement au guichet : l'un relit et propose, un autre relit et confirme ; et la lettre de réponse."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from ent_core.essais.annuaire import AUTRE, ECOLE
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.identite.modeles import ActeJournal
from ent_core.vie_privee.conservation.gels import NatureGel, poser
from ent_core.vie_privee.droits.modeles import Demande, Effacement, EffacementPropose
from tests.vie_privee.brique_incidents import CLUB, SUIVI, Adhesion, Fait, brique_incidents
from tests.vie_privee.pages_essai import chercher, texte_de

EFFACER = "/vie-privee/effacements/"


_BRIQUE = brique_incidents(bornees=[])


@pytest.fixture
def ent(application_avec: FabriqueInstance) -> InstanceEssai:
    return application_avec(_BRIQUE)


@pytest.fixture
def demande(ent: InstanceEssai) -> Demande:
    """Le parent veut que l'adhésion au club s'efface, dans deux écoles où elle est."""
    with ent.base.academie("essai") as session:
        for uai in (ECOLE, AUTRE):
            session.add(
                Adhesion(uai=uai, eleve_id=ent.annuaire["eleve"], jour=ent.horloge.aujourd_hui(), gout="go")
            )
    ent.client("parent").post(
        "/mes-donnees/", data={"droit": "effacement", "pour": str(ent.annuaire["eleve"])}
    )
    with ent.base.academie("essai") as session:
        return session.scalars(select(Demande)).one()


def adresse(demande: Demande, suite: str = "") -> str:
    return f"{EFFACER}{demande.uai}/{demande.id}{suite}"


def proposer(ent: InstanceEssai, demande: Demande, role: str = "direction", **valeurs: str) -> int:
    champs = {"fondement": "consentement", **valeurs}
    page = ent.client(role).get(adresse(demande), query_string=champs).text
    (relue,) = chercher(page, "//input[@name='relue']/@value") or [""]
    return ent.client(role).post(adresse(demande), data={**champs, "relue": relue}).status_code


def ouverte(ent: InstanceEssai) -> EffacementPropose:
    with ent.base.academie("essai") as session:
        return session.scalars(select(EffacementPropose).order_by(EffacementPropose.id.desc())).first() or (
            pytest.fail("rien n'est proposé")
        )


def trancher(ent: InstanceEssai, demande: Demande, role: str, acte: str, relue: str = "") -> int:
    proposition = ouverte(ent)
    suite = f"/{proposition.id}/{acte}"
    return (
        ent.client(role)
        .post(adresse(demande, suite), data={"relue": relue or proposition.empreinte})
        .status_code
    )


def adhesions(ent: InstanceEssai) -> list[str]:
    with ent.base.academie("essai") as session:
        return sorted(session.scalars(select(Adhesion.uai)))


@pytest.mark.exigence("RGPD-DRO-04")
def test_l_un_propose_l_autre_confirme_et_c_est_efface(ent: InstanceEssai, demande: Demande) -> None:
    lu = texte_de(
        ent.client("direction").get(adresse(demande), query_string={"fondement": "consentement"}).text
    )
    assert "Club 1 Effacé" in lu
    assert "article 17.3 b" in lu, "ce qui reste dit pourquoi"
    assert proposer(ent, demande) == 302
    assert adhesions(ent) == [ECOLE, AUTRE], "proposer n'efface rien"
    assert "N° " in texte_de(ent.client("dpd").get(EFFACER).text)
    assert trancher(ent, demande, "dpd", "confirmer") == 302
    assert adhesions(ent) == [AUTRE], "l'autre école garde ses lignes"
    proposition = ouverte(ent)
    assert (proposition.etat, proposition.clos_par) == ("fait", ent.annuaire["dpd"])
    with ent.base.academie("essai") as session:
        inscrit = session.get_one(Effacement, proposition.effacement_id)
        assert (inscrit.uai, inscrit.traitements) == (ECOLE, [CLUB.cle])
        actes = set(session.scalars(select(ActeJournal.acte)))
    assert {"effacement.propose", "effacement.confirme", "donnees.effacees"} <= actes


@pytest.mark.exigence("RGPD-DRO-04")
def test_qui_propose_ne_confirme_pas(ent: InstanceEssai, demande: Demande) -> None:
    proposer(ent, demande)
    assert "Confirmer et effacer" not in ent.client("direction").get(adresse(demande)).text
    assert trancher(ent, demande, "direction", "confirmer") == 422
    assert adhesions(ent) == [ECOLE, AUTRE]


def test_ce_qui_se_confirme_est_ce_qui_a_ete_lu(ent: InstanceEssai, demande: Demande) -> None:
    proposer(ent, demande)
    assert trancher(ent, demande, "dpd", "confirmer", relue="0" * 64) == 422
    with ent.base.academie("essai") as session:
        poser(
            session, ent.horloge, ent.annuaire["eleve"], nature=NatureGel.LITIGE, motif="dossier 12",
            revoir_le=ent.horloge.aujourd_hui() + timedelta(days=90), traitement=CLUB.cle,
        )  # fmt: skip
    assert trancher(ent, demande, "dpd", "confirmer") == 422
    assert "a changé depuis la proposition" in ent.client("dpd").get(adresse(demande)).text
    assert adhesions(ent) == [ECOLE, AUTRE]
    assert trancher(ent, demande, "dpd", "ecarter") == 302
    assert ouverte(ent).etat == "ecarte"
    assert trancher(ent, demande, "dpd", "confirmer") == 422


def test_une_seule_proposition_est_ouverte_et_l_ecole_ne_decide_pas_pour_l_academie(
    ent: InstanceEssai, demande: Demande
) -> None:
    assert (
        ent.client("direction")
        .post(adresse(demande), data={"fondement": "consentement", "partout": "1", "relue": "x"})
        .status_code
        == 403
    )
    assert proposer(ent, demande, "dpd", partout="1") == 302
    assert proposer(ent, demande, "dpd") == 422
    assert trancher(ent, demande, "direction", "confirmer") == 403
    assert adhesions(ent) == [ECOLE, AUTRE]


@pytest.mark.parametrize("role", ["cpe", "enseignant", "secretaire", "parent", "eleve"])
def test_qui_n_efface_pas_ne_voit_rien(ent: InstanceEssai, demande: Demande, role: str) -> None:
    assert ent.client(role).get(EFFACER).status_code == 403
    assert ent.client(role).get(adresse(demande)).status_code == 403


def test_une_autre_ecole_ne_voit_pas_la_demande(ent: InstanceEssai, demande: Demande) -> None:
    assert ent.client("direction_autre").get(adresse(demande)).status_code == 404
    proposer(ent, demande)
    assert trancher(ent, demande, "direction_autre", "confirmer") == 404


@pytest.mark.exigence("RGPD-DRO-04")
def test_la_lettre_de_refus_dit_ce_qui_est_garde_pourquoi_et_les_recours(
    ent: InstanceEssai, demande: Demande
) -> None:
    with ent.base.academie("essai") as session:
        session.add(
            Fait(uai=ECOLE, eleve_id=ent.annuaire["eleve"], jour=ent.horloge.aujourd_hui(), nature="retard")
        )
    direction = ent.client("direction")
    assert direction.get(adresse(demande, "/lettre")).status_code == 404, "pas de lettre avant la réponse"
    direction.post(
        f"/vie-privee/demandes/{demande.uai}/{demande.id}/refuser",
        data={"motif": "conservation", "texte": "Votre dossier est gardé.", "association": "informe"},
    )
    lu = texte_de(direction.get(adresse(demande, "/lettre")).text)
    assert SUIVI.intitule in lu
    assert "code de l'éducation, article R. 511-13" in lu
    assert "Votre dossier est gardé." in lu
    assert "www.cnil.fr" in lu
    assert ent.client("direction_autre").get(adresse(demande, "/lettre")).status_code == 404


def test_effacer_toute_la_personne_laisse_la_demande_sans_elle(ent: InstanceEssai, demande: Demande) -> None:
    assert proposer(ent, demande, "dpd", fondement="illicite", partout="1") == 302
    assert trancher(ent, demande, "administrateur_academique", "confirmer") == 302
    assert adhesions(ent) == []
    with ent.base.academie("essai") as session:
        reste = session.scalars(select(Demande)).one()
        assert reste.personne_id is None
        assert session.scalar(select(func.count(Effacement.id))) == 1
    proposition = ouverte(ent)
    assert proposition.etat == "fait"
    assert proposition.effacement_id != UUID(int=0)
    assert ent.client("dpd").get(adresse(demande)).status_code == 200
