"""La rectification : voir la valeur, la corriger à sa place ou la renvoyer à sa source, le faire savoir."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_core.brique import DonneeRectifiee, Evenement, implante
from ent_core.essais.annuaire import ECOLE
from ent_core.essais.application import configuration_essai
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.identite.modeles import ActeJournal, Identifiant, Personne
from ent_core.vie_privee.droits.modeles import Demande, Rectification
from tests.vie_privee.brique_incidents import SUIVI, Fait, brique_incidents
from tests.vie_privee.pages_essai import chercher, texte_de

CORRIGER = "/vie-privee/corrections/"


@pytest.fixture
def entendus() -> list[Evenement]:
    return []


@pytest.fixture
def ent(application_avec: FabriqueInstance, tmp_path: Path, entendus: list[Evenement]) -> InstanceEssai:
    def ent_sur_evenement(session: Any, evenement: Evenement) -> None:
        entendus.append(evenement)

    brique = brique_incidents()
    vars(brique)["ent_sur_evenement"] = implante(ent_sur_evenement)
    return application_avec(brique, configuration=configuration_essai(donnees=str(tmp_path)))


@pytest.fixture
def demande(ent: InstanceEssai) -> Demande:
    with ent.base.academie("essai") as session:
        session.add(
            Fait(uai=ECOLE, eleve_id=ent.annuaire["eleve"], jour=ent.horloge.aujourd_hui(), nature="retard")
        )
    ent.client("parent").post(
        "/mes-donnees/",
        data={"droit": "rectification", "pour": str(ent.annuaire["eleve"]), "precisions": "il était là"},
    )
    with ent.base.academie("essai") as session:
        return session.scalars(select(Demande)).one()


def adresse(demande: Demande, suite: str = "") -> str:
    return f"{CORRIGER}{demande.uai}/{demande.id}{suite}"


def donnee(ent: InstanceEssai, demande: Demande, table: str, colonne: str) -> dict[str, str]:
    """Où est la donnée, lu dans le lien que la page montre."""
    page = ent.client("direction").get(adresse(demande)).text
    liens = chercher(page, f"//a[contains(@href, 'objet={table}&')]/@href")
    (lien,) = [lien for lien in liens if f"colonne={colonne}&" in f"{lien}&"]
    page = ent.client("direction").get(lien).text
    return {nom: chercher(page, f"//input[@name='{nom}']/@value")[0] for nom in ("objet", "ligne", "colonne")}


def corriger(ent: InstanceEssai, demande: Demande, ou: dict[str, str], voulue: str) -> int:
    return (
        ent.client("direction").post(adresse(demande, "/donnee"), data={**ou, "voulue": voulue}).status_code
    )


def seul(session: Session, modele: Any) -> Any:
    return session.scalars(select(modele)).one()


@pytest.mark.exigence("RGPD-DRO-05")
def test_une_donnee_de_l_ecole_se_corrige_a_sa_place_et_les_briques_l_apprennent(
    ent: InstanceEssai, demande: Demande, entendus: list[Evenement]
) -> None:
    ou = donnee(ent, demande, "incidents_fait", "nature")
    assert corriger(ent, demande, ou, "présence") == 302
    with ent.base.academie("essai") as session:
        assert seul(session, Fait).nature == "présence"
        faite = seul(session, Rectification)
        assert (faite.etat, faite.traitement, faite.voulue) == ("corrigee", SUIVI.cle, None)
        acte = session.scalars(select(ActeJournal).where(ActeJournal.acte == "donnee.corrigee")).one()
        assert acte.details == {"table": "incidents_fait", "colonne": "nature"}
        ecrits = "".join(str(a.details) + (a.objet or "") for a in session.scalars(select(ActeJournal)))
        assert "présence" not in ecrits
    assert entendus[-1] == DonneeRectifiee(
        ECOLE, SUIVI.cle, "incidents_fait", "nature", ent.annuaire["eleve"]
    )
    suivi = texte_de(ent.client("parent").get(f"/mes-donnees/demandes/{demande.id}").text)
    assert "incidents fait, nature : Corrigée" in suivi


@pytest.mark.exigence("RGPD-DRO-05")
def test_une_donnee_de_l_annuaire_se_corrige_a_la_source_et_redescend(
    ent: InstanceEssai, demande: Demande
) -> None:
    with ent.base.academie("essai") as session:
        session.add(Identifiant(source="AAF:essai", type="x", valeur="1", personne_id=ent.annuaire["eleve"]))
    ou = donnee(ent, demande, "personne", "nom")
    assert "l'annuaire de l'académie" in texte_de(
        ent.client("direction").get(adresse(demande, "/donnee"), query_string=ou).text
    )
    assert corriger(ent, demande, ou, "Nouveau") == 302
    with ent.base.academie("essai") as session:
        eleve = session.get_one(Personne, ent.annuaire["eleve"])
        assert eleve.nom != "Nouveau", "ici, le prochain import l'aurait défait"
        assert seul(session, Rectification).etat == "transmise"
    assert "redescendra avec l'import" in texte_de(ent.client("direction").get(adresse(demande)).text)
    with ent.base.academie("essai") as session:
        session.get_one(Personne, ent.annuaire["eleve"]).nom = "Nouveau"
    assert "et redescendue" in texte_de(ent.client("direction").get(adresse(demande)).text)


def test_une_valeur_qui_ne_convient_pas_ne_change_rien(ent: InstanceEssai, demande: Demande) -> None:
    ou = donnee(ent, demande, "incidents_fait", "nature")
    for voulue in ("", "x" * 81, "retard"):
        assert corriger(ent, demande, ou, voulue) == 422, voulue
    with ent.base.academie("essai") as session:
        assert seul(session, Fait).nature == "retard"
        assert session.scalars(select(Rectification)).all() == []


def test_la_donnee_d_un_autre_ne_se_corrige_pas(ent: InstanceEssai, demande: Demande) -> None:
    with ent.base.academie("essai") as session:
        fait = Fait(
            uai=ECOLE, eleve_id=ent.annuaire["camarade"], jour=ent.horloge.aujourd_hui(), nature="retard"
        )
        session.add(fait)
        session.flush()
        autre = fait.id
    ou = donnee(ent, demande, "incidents_fait", "nature")
    faux = {**ou, "ligne": f'["{ECOLE}", "{autre}"]'}
    assert corriger(ent, demande, faux, "présence") == 404
    fermees = (("compte", "empreinte"), ("incidents_fait", "saisi_par"), ("acte_journal", "acte"))
    for objet, colonne in fermees:
        assert corriger(ent, demande, {**ou, "objet": objet, "colonne": colonne}, "x") == 404
    assert corriger(ent, demande, {**ou, "ligne": str(UUID(int=3))}, "x") == 404


def test_les_destinataires_exterieurs_se_notent_prevenus(ent: InstanceEssai, demande: Demande) -> None:
    corriger(ent, demande, donnee(ent, demande, "incidents_fait", "nature"), "présence")
    assert ent.client("direction").post(adresse(demande, "/prevenus")).status_code == 302
    with ent.base.academie("essai") as session:
        assert seul(session, Rectification).prevenus_le == ent.horloge.aujourd_hui()
    assert "Destinataires prévenus le" in ent.client("parent").get(f"/mes-donnees/demandes/{demande.id}").text


def test_qui_n_instruit_pas_ne_corrige_pas(ent: InstanceEssai, demande: Demande) -> None:
    for role in ("cpe", "parent", "eleve", "enseignant"):
        assert ent.client(role).get(adresse(demande)).status_code == 403
    assert ent.client("direction_autre").get(adresse(demande)).status_code == 404
