"""Ouverture par étapes : une brique attend ses préalables, sert un degré, se déploie école par école."""

from __future__ import annotations

from datetime import date, timedelta
from types import ModuleType

import pytest
from sqlalchemy import select

from ent_core.brique import BlueprintBrique, Manifeste, Permission, Portee, Prealable, Role, exige
from ent_core.chargement.deploiement import EtapeOuverture, deploiement
from ent_core.chargement.modeles import PrealableAtteste
from ent_core.essais.annuaire import AUTRE, ECOLE
from ent_core.essais.application import configuration_essai
from ent_core.essais.instance import FabriqueInstance, InstanceEssai, compter_enonces, faux_brique
from ent_core.identite.modeles import ActeJournal, Etablissement
from ent_core.socle.configuration import BasculeFichier
from ent_core.socle.erreurs import AnomaliesTrouvees, OperationRefusee

PAGE, LETTRE = "/affiche/", "/affiche/lettre"
REGLAGE = "/administration/briques/affiche"
ELEMENTAIRE = "0991009E"
LUNDI = date(2026, 9, 7)
PREALABLES = (
    Prealable("lettre", "Les familles ont la lettre", "À remettre (RGPD).", lien="affiche.lettre"),
    Prealable("conseil", "Le conseil est informé", "À inscrire à l'ordre du jour."),
)


def affiche(*prealables: Prealable) -> ModuleType:
    """La brique « affiche », pour le second degré."""
    pages = BlueprintBrique("affiche", __name__)

    @pages.get("/")
    @exige("affiche.lire")
    def accueil() -> str:
        return "l'affiche"

    @pages.get("/lettre")
    @exige("affiche.lire")
    def lettre() -> str:
        return "la lettre"

    roles: dict[str, Portee] = dict.fromkeys(
        (Role.ENSEIGNANT, Role.DIRECTION, Role.ELEVE), Portee.ETABLISSEMENT
    )
    return faux_brique(
        "affiche",
        ent_manifeste=lambda: Manifeste("affiche", "Affiche", "1.0", "Essai.", degres=frozenset({2})),
        ent_permissions=lambda: (Permission("affiche.lire", "Lire l'affiche", roles),),
        ent_routes=lambda: (pages,),
        ent_prealables=lambda: prealables,
    )


AFFICHE = affiche(*PREALABLES)


@pytest.fixture
def instance(application_avec: FabriqueInstance) -> InstanceEssai:
    """Deux collèges et une école élémentaire ; l'affiche est fermée partout, le lundi 7 septembre 2026."""
    prete = application_avec(AFFICHE, ouvertes=False)
    with prete.base.academie("essai : école") as session:
        session.add(Etablissement(uai=ELEMENTAIRE, nom="École du Bourg", degre=1))
    return prete


def statut(instance: InstanceEssai, role: str, adresse: str = PAGE) -> int:
    return instance.client(role).get(adresse).status_code


def actes(instance: InstanceEssai, prefixe: str) -> list[tuple[str, str | None]]:
    with instance.base.academie("essai : journal") as session:
        lus = select(ActeJournal.acte, ActeJournal.details["cle"].astext).where(
            ActeJournal.acte.startswith(prefixe), ActeJournal.acteur_id == instance.annuaire["direction"]
        )
        return [(acte, cle) for acte, cle in session.execute(lus.order_by(ActeJournal.id))]


@pytest.mark.exigence("CARNET-03")
def test_ouverte_elle_attend_que_le_chef_atteste_tout_puis_attend_de_nouveau_s_il_revient_dessus(
    instance: InstanceEssai,
) -> None:
    direction = instance.client("direction")
    avant = direction.get(REGLAGE).text
    assert "À faire avant que la brique serve ici" in avant, "montrés avant toute décision"
    assert "Le conseil est informé" in direction.get(f"{REGLAGE}/basculer?ouverte=1").text
    instance.ouvrir("affiche", attester=False)

    assert statut(instance, "direction") == statut(instance, "eleve") == 404
    assert "des préalables restent à attester" in instance.client("enseignant").get(PAGE).text
    assert "préalables" not in instance.client("eleve").get(PAGE).text, "aux familles, rien n'est ouvert"
    assert "attester les préalables d&#39;une brique" in direction.get("/").text
    assert "attester les préalables" not in instance.client("enseignant").get("/").text
    assert "Reste à attester : 2 sur 2" in direction.get(REGLAGE).text
    assert "Voir ce qui reste à attester" in direction.get("/administration/briques").text
    assert '"en_attente": true' in direction.get("/api/v1/briques").text.replace('":true', '": true')

    assert direction.post(f"{REGLAGE}/prealables", data={"cles": "conseil"}).status_code == 302
    assert statut(instance, "direction") == 404
    assert direction.post(f"{REGLAGE}/prealables", data={"tout": "1"}).status_code == 302
    assert statut(instance, "direction") == statut(instance, "eleve") == 200
    assert "attester les préalables" not in direction.get("/").text
    assert "La brique ne sera plus servie" in direction.get(REGLAGE).text, "dit avant de retirer"

    assert direction.post(f"{REGLAGE}/prealables/retirer", data={"cle": "lettre"}).status_code == 302
    assert statut(instance, "direction") == 404
    assert actes(instance, "prealable.") == [
        ("prealable.atteste", "conseil"), ("prealable.atteste", "lettre"), ("prealable.retire", "lettre")
    ]  # fmt: skip
    assert "Est revenu sur un préalable" in direction.get("/administration/journal").text
    with instance.base.academie("essai : attestations") as session:
        lues = session.scalars(select(PrealableAtteste)).all()
        moi = instance.annuaire["direction"]
        assert {(p.cle, p.atteste_par, p.retire_par) for p in lues} == {
            ("conseil", moi, None), ("lettre", moi, moi)
        }  # fmt: skip


def test_la_page_par_laquelle_un_prealable_se_fait_s_ouvre_des_que_l_ouverture_est_decidee(
    instance: InstanceEssai,
) -> None:
    assert statut(instance, "enseignant", LETTRE) == 404, "sans décision, la brique n'existe pas ici"
    instance.ouvrir("affiche", debut=LUNDI + timedelta(days=7), attester=False)
    assert statut(instance, "enseignant", LETTRE) == 200, "la lettre part avant le premier jour"
    assert statut(instance, "enseignant") == 404
    assert statut(instance, "eleve", LETTRE) == 404, "aux personnels seulement"
    assert statut(instance, "enseignant_autre", LETTRE) == 404, "et dans cet établissement"


def test_seul_le_chef_atteste_et_seulement_chez_lui(instance: InstanceEssai) -> None:
    instance.ouvrir("affiche", None, attester=False)
    for role in ("administrateur", "administrateur_academique", "enseignant", "cpe"):
        client = instance.client(role)
        assert client.post(f"{REGLAGE}/prealables", data={"tout": "1"}).status_code == 403
        assert client.post(f"{REGLAGE}/prealables/retirer", data={"cle": "lettre"}).status_code == 403
    assert "Seul le chef d'établissement atteste" in instance.client("administrateur").get(REGLAGE).text
    direction = instance.client("direction")
    api = "/api/v1/briques/affiche/prealables"
    assert instance.client("cpe").get(api).status_code == 403
    assert [p["atteste_le"] for p in direction.get(api).get_json()] == [None, None]
    assert direction.post(api, json={}).status_code == 422
    assert direction.post(api, json={"cles": ["autre_chose"]}).status_code == 404
    faits = direction.post(api, json={"tout": True}).get_json()
    assert [p["cle"] for p in faits if p["atteste_le"]] == ["lettre", "conseil"]
    assert statut(instance, "enseignant") == 200
    assert direction.delete(f"{api}/lettre").get_json()[0]["atteste_le"] is None
    assert statut(instance, "enseignant") == 404
    vide = direction.post(f"{REGLAGE}/prealables", data={})
    assert vide.status_code == 422
    assert "Cochez ce qui est fait." in vide.text
    assert direction.post(f"{REGLAGE}/prealables", data={"cles": "autre_chose"}).status_code in (404, 422)
    direction.post(f"{REGLAGE}/prealables", data={"tout": "1"})
    assert (statut(instance, "enseignant"), statut(instance, "enseignant_autre")) == (200, 404)
    with instance.base.ecole(AUTRE, "essai : cloison") as session:
        assert session.execute(select(PrealableAtteste.__table__.c.uai)).all() == []


@pytest.mark.exigence("CARNET-02")
def test_faite_pour_le_second_degre_elle_ne_s_ouvre_pas_dans_une_ecole(
    instance: InstanceEssai, application_avec: FabriqueInstance
) -> None:
    with pytest.raises(OperationRefusee, match="École du Bourg : elle est faite pour le second degré"):
        instance.ouvrir("affiche", ELEMENTAIRE)
    academie = instance.client("administrateur_academique")
    visee = {"ouverte": "1", "pour": "ecoles", "etablissements": ELEMENTAIRE}
    refus = academie.post(f"{REGLAGE}/basculer", data=visee)
    assert (refus.status_code, "second degré" in refus.text) == (409, True)
    assert "École du Bourg" not in academie.get(REGLAGE).text, "elle n'est pas à cocher"

    instance.ouvrir("affiche", None)
    activation, jour = instance.ent.activation, instance.horloge.aujourd_hui()
    with instance.base.academie("essai : degré") as session:
        session.connection()
        with compter_enonces(instance.base) as enonces:
            etat = activation.etat(session, ELEMENTAIRE, jour)
        assert (etat.actives, etat.en_attente, len(enonces)) == (frozenset(), frozenset(), 1)
        assert activation.etat(session, ECOLE, jour).actives == {"affiche"}
        decisions = activation.decisions_de(session, [ECOLE, ELEMENTAIRE], jour)
    assert {uai: list(d) for uai, d in decisions.items()} == {ECOLE: ["affiche"], ELEMENTAIRE: []}


def test_cinq_pilotes_puis_toute_l_academie_a_la_date_dite(application_avec: FabriqueInstance) -> None:
    pilotes = tuple(f"099200{rang}A" for rang in range(1, 6))
    rentree, pilote = date(2027, 9, 1), date(2027, 1, 4)
    fichier = (
        BasculeFichier(brique="affiche", etablissements=pilotes, du=pilote, au=date(2027, 7, 5)),
        BasculeFichier(brique="affiche", du=rentree),
    )
    instance = application_avec(AFFICHE, ouvertes=False, configuration=configuration_essai(bascules=fichier))
    with instance.base.academie("essai : pilotes") as session:
        session.add_all(
            Etablissement(uai=uai, nom=f"Collège {rang}", degre=2) for rang, uai in enumerate(pilotes)
        )
        session.add(Etablissement(uai=ELEMENTAIRE, nom="École du Bourg", degre=1))
    instance.attester("affiche", *pilotes[:4])

    def comptes(jour: date) -> tuple[dict[str, int], int]:
        with instance.base.academie("essai : déploiement") as session:
            session.connection()
            with compter_enonces(instance.base) as enonces:
                lu = deploiement(session, instance.ent.activation, "affiche", jour)
        assert len(enonces) == 4, "leur nombre ne suit pas celui des établissements"
        assert (lu.generalisee, lu.generalisation, lu.hors_degre) == (True, rentree, 1)
        return {etape.value: nombre for etape, nombre in lu.comptes.items() if nombre}, lu.pilotes

    instance.reconcilier()
    # Aux vacances d'été, un pilote attend comme les autres la rentrée de toute l'académie.
    assert comptes(LUNDI) == ({"prévue": 7}, 5)
    assert comptes(pilote) == ({"servie": 4, "en attente": 1, "prévue": 2}, 5)
    assert comptes(date(2027, 7, 6)) == ({"prévue": 7}, 0)
    assert comptes(rentree) == ({"servie": 4, "en attente": 3}, 0)

    academie = instance.client("administrateur_academique")
    page = academie.get(f"{REGLAGE}/deploiement?etape={EtapeOuverture.PREVUE.value}").text
    assert "Ouverte à toute l'académie dès le 01/09/2027." in page
    assert "5 établissements pilotes." in page
    assert "Le conseil est informé" in page
    assert "École du Bourg" not in page
    sienne = instance.client("direction").get(f"{REGLAGE}/deploiement").text
    assert "Collège des Essais" in sienne
    assert "Collège 1" not in sienne, "un chef ne voit que le sien"


def test_un_prealable_mal_declare_empeche_de_demarrer(application_avec: FabriqueInstance) -> None:
    def codes(*prealables: Prealable) -> set[str]:
        with pytest.raises(AnomaliesTrouvees) as refus:
            application_avec(affiche(*prealables))
        return {anomalie.code for anomalie in refus.value.anomalies}

    mal_dits = (Prealable("Mal dite", "?", "?"), Prealable("deux", "?", "?"), Prealable("deux", "?", "?"))
    assert codes(*mal_dits) == {"PREALABLE-001", "PREALABLE-002"}
    assert codes(Prealable("lien", "?", "?", lien="admin.briques")) == {"PREALABLE-003"}
    sans_degre = faux_brique(
        "affiche", ent_manifeste=lambda: Manifeste("affiche", "Affiche", "1.0", "?", degres=frozenset())
    )
    with pytest.raises(AnomaliesTrouvees) as refus:
        application_avec(sans_degre)
    assert [a.code for a in refus.value.anomalies] == ["BRIQUE-012"]
