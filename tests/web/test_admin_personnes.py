"""Les personnes : chercher, lire une fiche, agir sur un compte, sans jamais sortir de chez soi."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from ent_core.contrat.roles import Profil, Role
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.annuaire import AUTRE, ECOLE, RECTORAT, Annuaire
from ent_core.identite.comptes import creer_comptes_manquants
from ent_core.identite.modeles import ActeJournal, Compte, Responsabilite, Restriction
from ent_core.roles.modeles import Delegation, RoleLocal
from ent_core.socle.calendrier import HorlogeFixe

ClientDe = Callable[[UUID, str, str], FlaskClient]
Client = Callable[..., FlaskClient]
PERSONNES = "/administration/personnes"


@pytest.fixture
def client(client_de: ClientDe, annuaire: Annuaire) -> Client:
    def ouvrir(role: str, uai: str = ECOLE) -> FlaskClient:
        return client_de(annuaire[role], uai, annuaire.profils[role])

    return ouvrir


@pytest.fixture
def academie(client: Client) -> FlaskClient:
    return client("administrateur_academique", RECTORAT)


def etat(base: BaseDeDonnees, personne: UUID) -> str | None:
    with base.academie("essai") as session:
        return session.scalar(select(Compte.etat).where(Compte.personne_id == personne))


def actes(base: BaseDeDonnees) -> list[str]:
    with base.academie("essai") as session:
        return list(session.scalars(select(ActeJournal.acte)))


def test_la_recherche_ignore_l_ordre_et_la_casse(client: Client) -> None:
    page = client("direction").get(f"{PERSONNES}?q=camille+ELEVE").text
    assert "Essai Eleve Camille" in page
    assert "Essai Parent" not in page


def test_une_ecole_ne_voit_pas_l_autre(client: Client, annuaire: Annuaire, academie: FlaskClient) -> None:
    direction = client("direction")
    assert "Autre" not in direction.get(f"{PERSONNES}?q=essai").text
    for personne in ("eleve_autre", "parent_autre", "direction_autre"):
        assert direction.get(f"{PERSONNES}/{annuaire[personne]}").status_code == 404
        assert academie.get(f"{PERSONNES}/{annuaire[personne]}").status_code == 200


def test_l_academie_cherche_partout_ou_dans_une_ecole(academie: FlaskClient) -> None:
    assert "Essai Eleve Autre" in academie.get(f"{PERSONNES}?q=eleve").text
    assert "Essai Eleve Autre" not in academie.get(f"{PERSONNES}?q=eleve&uai={ECOLE}").text
    assert "Qui cherchez-vous ?" in academie.get(PERSONNES).text


def test_une_lettre_seule_est_refusee_dans_l_academie_et_sert_dans_une_ecole(academie: FlaskClient) -> None:
    for texte in ("e", "e c"):
        assert "Une lettre ne suffit pas dans toute l" in academie.get(f"{PERSONNES}?q={texte}").text
    assert "Essai Eleve" in academie.get(f"{PERSONNES}?q=e&uai={ECOLE}").text


def test_la_fiche_d_un_eleve_montre_sa_classe_et_ses_responsables(client: Client, annuaire: Annuaire) -> None:
    page = client("cpe").get(f"{PERSONNES}/{annuaire['eleve']}").text
    assert "5e A" in page
    assert "responsable légal 1" in page
    assert "Peut-elle se connecter" not in page, "le CPE ne gère pas les comptes"


def test_suspendre_se_defait(client: Client, annuaire: Annuaire, base: BaseDeDonnees) -> None:
    parent, direction = client("parent"), client("direction")
    fiche = f"{PERSONNES}/{annuaire['parent']}"
    page = direction.get(direction.post(f"{fiche}/suspendre").location).text
    assert etat(base, annuaire["parent"]) == "suspendu"
    assert parent.get("/").status_code == 302, "ses sessions sont fermées"
    assert f"{fiche}/retablir" in page
    direction.post(f"{fiche}/retablir")
    assert etat(base, annuaire["parent"]) != "suspendu"
    assert {"compte.suspendu", "compte.retabli"} <= set(actes(base))


def test_un_nouveau_code_se_montre_une_fois_et_efface_le_mot_de_passe(
    client: Client, annuaire: Annuaire, base: BaseDeDonnees
) -> None:
    client("parent")
    page = client("direction").post(f"{PERSONNES}/{annuaire['parent']}/code")
    assert "Code provisoire" in page.text
    assert etat(base, annuaire["parent"]) == "a_activer"
    assert client("direction").get(f"{PERSONNES}/{annuaire['parent']}/code").status_code == 405


def test_une_ecole_ne_prend_pas_la_main_sur_l_academie(
    client: Client, annuaire: Annuaire, base: BaseDeDonnees
) -> None:
    """Le titulaire du rôle académique est aussi enseignant ici : son compte reste hors de portée."""
    with base.academie("essai") as session:
        session.add(
            RoleLocal(
                uai=RECTORAT,
                personne_id=annuaire["enseignant"],
                role=Role.ADMINISTRATEUR_ACADEMIQUE.value,
                debut=HorlogeFixe().aujourd_hui(),
            )
        )
    direction = client("direction")
    for acte in ("code", "suspendre"):
        assert direction.post(f"{PERSONNES}/{annuaire['enseignant']}/{acte}").status_code == 403


def test_qui_n_a_les_comptes_que_par_delegation_ne_prend_pas_la_main_sur_le_chef(
    client: Client, annuaire: Annuaire, base: BaseDeDonnees, horloge: HorlogeFixe
) -> None:
    jour = horloge.aujourd_hui()
    with base.academie("essai") as session:
        session.add(
            Delegation(
                uai=ECOLE,
                personne_id=annuaire["secretaire"],
                permission="noyau.comptes",
                portee="mon établissement",
                motif="rentrée",
                accordee_par=annuaire["direction"],
                accordee_le=horloge.maintenant(),
                debut=jour,
                fin=jour.replace(month=12),
            )
        )
    secretaire = client("secretaire")
    assert secretaire.post(f"{PERSONNES}/{annuaire['direction']}/code").status_code == 403
    assert secretaire.post(f"{PERSONNES}/{annuaire['parent']}/code").status_code == 200
    role = {"role": "administrateur_fonctionnel", "debut": "2026-09-07"}
    assert secretaire.post(f"{PERSONNES}/{annuaire['secretaire']}/roles", data=role).status_code == 403


def test_un_role_local_s_attribue_et_se_retire(
    client: Client, annuaire: Annuaire, base: BaseDeDonnees
) -> None:
    direction, fiche = client("direction"), f"{PERSONNES}/{annuaire['secretaire']}"
    saisie = {"role": "administrateur_fonctionnel", "debut": "2026-09-07", "fin": "2026-12-31"}
    assert direction.post(f"{fiche}/roles", data=saisie).status_code == 302
    assert client("secretaire").get("/administration/briques").status_code == 200
    with base.academie("essai") as session:
        role = session.scalars(select(RoleLocal).where(RoleLocal.personne_id == annuaire["secretaire"])).one()
    assert role.fin is not None
    assert role.fin.isoformat() == "2027-01-01", "le dernier jour saisi est compris"
    assert direction.post(f"{fiche}/roles/{ECOLE}/{role.id}/retirer").status_code == 302
    assert client("secretaire").get("/administration/briques").status_code == 403


@pytest.mark.parametrize(
    ("role", "statut"),
    [("administrateur_academique", 403), ("cpe", 403), ("delegue_parents", 422), ("inconnu", 422)],
)
def test_un_chef_n_attribue_pas_n_importe_quel_role(
    client: Client, annuaire: Annuaire, base: BaseDeDonnees, role: str, statut: int
) -> None:
    saisie = {"role": role, "debut": "2026-09-07"}
    reponse = client("direction").post(f"{PERSONNES}/{annuaire['secretaire']}/roles", data=saisie)
    assert reponse.status_code == statut
    with base.academie("essai") as session:
        enonce = select(RoleLocal.id).where(RoleLocal.personne_id == annuaire["secretaire"])
        assert session.scalars(enonce).all() == []


@pytest.mark.exigence("ENT-10")
def test_une_restriction_ferme_l_acces_du_parent_puis_se_leve(
    client: Client, annuaire: Annuaire, base: BaseDeDonnees
) -> None:
    direction, fiche = client("direction"), f"{PERSONNES}/{annuaire['eleve']}"
    with base.academie("essai") as session:
        lien = session.scalar(
            select(Responsabilite.id).where(Responsabilite.responsable_id == annuaire["parent"])
        )
    assert "Camille, aujourd&#39;hui" in client("parent").get("/").text
    saisie = {"responsabilite": str(lien), "reference": "TJ, 1er septembre, n° 12", "debut": "2026-09-01"}
    assert direction.post(f"{fiche}/restrictions", data=saisie).status_code == 302
    assert "Accès restreint" in direction.get(fiche).text
    assert "Camille, aujourd&#39;hui" not in client("parent").get("/").text
    with base.academie("essai") as session:
        restriction = session.scalars(select(Restriction.id)).one()
    direction.post(f"{fiche}/restrictions/{restriction}/lever")
    assert "Camille, aujourd&#39;hui" in client("parent").get("/").text


@pytest.mark.exigence("FAM-03")
def test_un_acte_qui_retire_l_exercice_laisse_lire(
    client: Client, annuaire: Annuaire, base: BaseDeDonnees
) -> None:
    direction, fiche = client("direction"), f"{PERSONNES}/{annuaire['eleve']}"
    with base.academie("essai") as session:
        lien = session.scalar(
            select(Responsabilite.id).where(Responsabilite.responsable_id == annuaire["parent"])
        )
    saisie = {"responsabilite": str(lien), "reference": "JAF, n° 12", "debut": "2026-09-01"}
    assert direction.post(f"{fiche}/restrictions", data=saisie | {"effet": "tout"}).status_code == 422
    assert direction.post(f"{fiche}/restrictions", data=saisie | {"effet": "exercice"}).status_code == 302
    montree = direction.get(fiche).text
    assert "Informé, ne décide pas" in montree
    assert "Accès restreint" not in montree
    assert "Camille, aujourd&#39;hui" in client("parent").get("/").text


def test_une_restriction_sans_reference_est_refusee(client: Client, annuaire: Annuaire) -> None:
    reponse = client("direction").post(
        f"{PERSONNES}/{annuaire['eleve']}/restrictions", data={"debut": "2026-09-01"}
    )
    assert reponse.status_code == 422
    assert "Donnez la référence de l&#39;acte." in reponse.text


def test_la_restriction_d_un_eleve_d_ailleurs_n_est_pas_a_portee(
    client: Client, annuaire: Annuaire, base: BaseDeDonnees
) -> None:
    with base.academie("essai") as session:
        lien = session.scalar(
            select(Responsabilite.id).where(Responsabilite.responsable_id == annuaire["parent_autre"])
        )
    saisie = {"responsabilite": str(lien), "reference": "TJ, n° 12", "debut": "2026-09-01"}
    reponse = client("direction").post(f"{PERSONNES}/{annuaire['eleve']}/restrictions", data=saisie)
    assert reponse.status_code == 404


def test_les_lettres_d_une_classe_ont_un_code_par_compte_a_activer(
    client: Client, annuaire: Annuaire, base: BaseDeDonnees, horloge: HorlogeFixe
) -> None:
    with base.academie("essai") as session:
        creer_comptes_manquants(session, horloge)
    direction = client("direction")
    assert "valable 90 jours" in direction.get("/administration/codes").text
    saisie = {"uai": ECOLE, "division": str(annuaire.divisions[ECOLE])}
    page = direction.post("/administration/codes", data=saisie).text
    assert len(re.findall("Code provisoire", page)) == 5, "deux élèves, trois responsables"
    assert "codes.emis" in actes(base)


def test_les_lettres_d_un_autre_etablissement_ne_se_preparent_pas(client: Client) -> None:
    direction = client("direction")
    assert direction.post("/administration/codes", data={"uai": AUTRE}).status_code == 404
    assert direction.get(f"/administration/codes?uai={AUTRE}").status_code == 404


def test_quand_tous_les_comptes_sont_actifs_la_page_le_dit(
    client: Client, annuaire: Annuaire, base: BaseDeDonnees, horloge: HorlogeFixe
) -> None:
    with base.academie("essai") as session:
        creer_comptes_manquants(session, horloge)
        session.execute(update(Compte).values(etat="actif"))
    saisie = {"profil": Profil.ELEVE.value}
    reponse = client("direction").post("/administration/codes", data=saisie)
    assert reponse.status_code == 422
    assert "attend de code" in reponse.text


@pytest.mark.parametrize("role", ["eleve", "parent", "enseignant"])
def test_l_annuaire_est_ferme_aux_autres(client: Client, role: str) -> None:
    assert client(role).get(PERSONNES).status_code == 403
