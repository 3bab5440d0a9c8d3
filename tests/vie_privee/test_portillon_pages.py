"""Le portillon en vrai : les pages et les vignettes d'une brique, leurs rôles, leurs traces, leur prix."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache
from types import ModuleType
from typing import Any

import pytest
from marshmallow import fields
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session, defer

from ent_core.brique import (
    ApiBrique,
    BlueprintBrique,
    Contexte,
    Destinataire,
    LigneVignette,
    Permission,
    Portee,
    Role,
    Vignette,
    contexte_courant,
    divisions,
    eleves,
    eleves_inscrits,
    exige,
    groupes,
    nommer,
    peut_atteindre,
    portee_courante,
    public,
    schema_de,
    seances_enseignees,
    session_courante,
    structures_enseignees,
)
from ent_core.donnees.session import Portage
from ent_core.donnees.sous_portillon import hors_portillon
from ent_core.essais.annuaire import ECOLE
from ent_core.essais.instance import FabriqueInstance, InstanceEssai, compter_enonces, faux_brique
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import ActeJournal, Personne
from ent_core.roles.modeles import Delegation
from ent_core.vie_privee.traces.modeles import TraceEcriture, TraceLecture
from tests.vie_privee.brique_fuites import BRIQUE, Absence, Lien, Lieu

pytestmark = pytest.mark.exigence("RGPD-SEC-02")

_LECTEURS = (
    Role.CPE, Role.ENSEIGNANT, Role.ASSISTANT_EDUCATION, Role.DIRECTION, Role.DOCUMENTALISTE,
    Role.SANTE_SOCIAL, Role.ORIENTATION, Role.ADMINISTRATIF,
)  # fmt: skip
_UTILISATEUR = "select current_user"


@cache
def brique_a_pages() -> ModuleType:
    """La brique « fuites », avec des pages."""
    pages, ressources = BlueprintBrique("fuites", __name__), ApiBrique("fuites", __name__)

    @pages.get("/")
    @exige("fuites.lire")
    def motifs() -> str:
        return " ".join(session_courante().scalars(select(Absence.motif)))

    @pages.get("/notes")
    @exige("fuites.lire")
    def notes() -> str:
        eleve = select(Absence.eleve_id).scalar_subquery()
        trouvees = session_courante().scalars(select(Absence.note).where(Absence.eleve_id == eleve))
        return " ".join(filter(None, trouvees))

    @pages.get("/notes/<uuid:eleve_id>")
    @exige("fuites.lire")
    def notes_de(eleve_id: Any) -> str:
        return str(session_courante().scalars(select(Absence.note).where(Absence.eleve_id == eleve_id)).all())

    @pages.post("/")
    @exige("fuites.ecrire")
    def noter() -> str:
        absence = session_courante().scalars(select(Absence).options(defer(Absence.note))).one()
        absence.motif = "changé"
        return "fait"

    @pages.post("/confier")
    @exige("fuites.confier")
    def confier() -> str:
        return noter()

    @pages.get("/qui")
    @exige("fuites.lire")
    def qui() -> str:
        """Ce que la base verrait, si la brique passait à côté de SQLAlchemy."""
        curseur = session_courante().connection().connection.cursor()
        curseur.execute(_UTILISATEUR)
        return str(curseur.fetchall())

    @pages.get("/reprise")
    @exige("fuites.lire")
    def reprise() -> str:
        point = session_courante().begin_nested()
        session_courante().scalars(select(Absence.motif)).all()
        point.rollback()
        session_courante().scalars(select(Absence.motif)).all()
        return qui()

    @pages.get("/facade")
    @exige("fuites.lire")
    def facade() -> str:
        base, contexte = session_courante(), contexte_courant()
        ici, annee, moi, jour = contexte.uai, contexte.annee, contexte.personne_id, contexte.jour
        groupes(base, ici, annee)
        structures_enseignees(base, ici, annee, moi, jour)
        seances_enseignees(base, ici, annee, moi, jour)
        for division in divisions(base, ici, annee):
            eleves_inscrits(base, ici, annee, division.id, jour)
        atteints: list[Any] = []
        for portee in Portee:
            atteints += base.scalars(
                select(Absence.eleve_id).where(Absence.eleve_id.in_(eleves(contexte, portee)))
            )
            peut_atteindre(base, contexte, portee, contexte.personne_id)
        noms = nommer(base, [*atteints, contexte.personne_id])
        return f"{portee_courante()} {len(noms)}"

    @pages.get("/courriels")
    @exige("fuites.lire")
    def courriels() -> str:
        return str(session_courante().scalars(select(Personne.courriel)).all())

    @pages.get("/journal")
    @exige("fuites.lire")
    def journal() -> str:
        from ent_core.brique import horloge_courante

        consigner(session_courante(), horloge_courante(), "note.montree", uai=contexte_courant().uai)
        return "noté"

    @pages.get("/derogation")
    @exige("fuites.lire")
    def derogation() -> str:
        with hors_portillon(session_courante(), "essai : un service du noyau"):
            trouves = session_courante().scalars(select(Personne.courriel)).all()
        return f"{len(trouves)} {qui()}"

    @ressources.get("/absences")
    @exige("fuites.lire")
    @ressources.response(200, schema_de(Absence, "id", "motif", "note", rang=fields.Integer())(many=True))
    def lister() -> list[dict[str, object]]:
        """La brique se trompe : elle rend une note qu'elle a trouvée ailleurs."""
        ids = session_courante().scalars(select(Absence.id))
        return [{"id": id_, "motif": "retard", "note": "grave", "rang": 1} for id_ in ids]

    @pages.get("/ouverte")
    @public("essai : une page sans session")
    def ouverte() -> str:
        return " ".join(session_courante().scalars(select(Lieu.nom)))

    @pages.get("/ouverte/absences")
    @public("essai : une page sans session, qui voudrait lire")
    def ouverte_absences() -> str:
        return str(session_courante().scalar(select(func.count()).select_from(Absence)))

    def tableau(session: Session, contexte: Contexte) -> tuple[Vignette, ...]:
        lignes = tuple(LigneVignette(motif) for motif in session.scalars(select(Absence.motif)))
        return (Vignette("fuites.motifs", "Absences", lignes),)

    (absences,) = BRIQUE.ent_traitements()
    lieux = replace(
        absences,
        cle="fuites.lieux",
        destinataires=tuple(Destinataire(role, Portee.ETABLISSEMENT) for role in _LECTEURS),
    )
    return faux_brique(
        "fuites",
        ent_modeles=lambda: (Lieu, Lien, Absence),
        ent_migrations=BRIQUE.ent_migrations,
        ent_traitements=lambda: (*BRIQUE.ent_traitements(), lieux),
        ent_permissions=lambda: (
            Permission("fuites.lire", "Lire", dict.fromkeys(_LECTEURS, Portee.ETABLISSEMENT)),
            Permission("fuites.confier", "Confier", {Role.CPE: Portee.ETABLISSEMENT}, delegable=True),
            Permission("fuites.ecrire", "Écrire", {Role.DIRECTION: Portee.ETABLISSEMENT}, delegable=True),
        ),
        ent_routes=lambda: (pages, ressources),
        ent_tableau_de_bord=tableau,
    )


@pytest.fixture
def ecole(application_avec: FabriqueInstance) -> InstanceEssai:
    instance = application_avec(brique_a_pages())
    with instance.base.academie("essai") as session:
        lieu = Lieu(uai=ECOLE, nom="Salle 12")
        session.add(lieu)
        session.flush()
        session.add(
            Absence(
                uai=ECOLE, eleve_id=instance.annuaire["eleve"], lieu_id=lieu.id, motif="retard", note="grave"
            )
        )
    return instance


def test_le_destinataire_lit_la_note_et_l_autre_recoit_un_refus_explique(ecole: InstanceEssai) -> None:
    assert ecole.client("cpe").get("/fuites/notes").text == "grave"
    assert ecole.client("enseignant").get("/fuites/").text == "retard"
    refus = ecole.client("enseignant").get("/fuites/notes")
    assert refus.status_code == 403
    assert "fuites_absence" in refus.text
    assert "grave" not in refus.text


def test_qui_a_la_permission_sans_etre_destinataire_ne_lit_rien(ecole: InstanceEssai) -> None:
    assert ecole.client("direction").get("/fuites/").status_code == 403


@pytest.mark.parametrize("role", ["cpe", "enseignant", "assistant"])
def test_l_audience_est_posee_avant_la_page(ecole: InstanceEssai, role: str) -> None:
    """Un curseur nu échappe au portillon ; l'audience, elle, est déjà dans la base."""
    attendue = {"assistant": "assistant_education"}.get(role, role)
    assert ecole.client(role).get("/fuites/qui").text == f"[('ent_audience_{attendue}',)]"


def test_revenir_a_un_point_de_reprise_n_ote_pas_l_audience(ecole: InstanceEssai) -> None:
    assert "ent_audience_cpe" in ecole.client("cpe").get("/fuites/reprise").text


@pytest.mark.parametrize(
    "role", ["cpe", "enseignant", "assistant", "documentaliste", "infirmier", "psychologue", "secretaire"]
)
def test_la_facade_sert_chaque_role_du_personnel(ecole: InstanceEssai, role: str) -> None:
    reponse = ecole.client(role).get("/fuites/facade")
    # Qui n'est pas destinataire des absences s'arrête à elles, non à l'annuaire.
    assert reponse.status_code == 200 or "fuites_absence" in reponse.text, reponse.text


def test_une_brique_ne_lit_pas_les_courriels_de_l_annuaire(ecole: InstanceEssai) -> None:
    refus = ecole.client("cpe").get("/fuites/courriels")
    assert refus.status_code == 403
    assert "façade" in refus.text


def test_un_service_du_noyau_passe_par_une_derogation_nommee_puis_l_audience_revient(
    ecole: InstanceEssai,
) -> None:
    reponse = ecole.client("cpe").get("/fuites/derogation")
    assert reponse.status_code == 200
    assert not reponse.text.startswith("0 ")


def test_une_page_de_brique_peut_ajouter_au_journal_sans_le_lire(ecole: InstanceEssai) -> None:
    assert ecole.client("cpe").get("/fuites/journal").text == "noté"
    with ecole.base.academie("essai") as session:
        assert session.scalars(select(ActeJournal).where(ActeJournal.acte == "note.montree")).one()


def test_une_page_publique_ne_lit_que_ce_qui_n_est_pas_personnel(ecole: InstanceEssai) -> None:
    client = ecole.application.test_client()
    assert client.get("/fuites/ouverte").status_code == 200
    assert client.get("/fuites/ouverte/absences").status_code == 403


@pytest.mark.parametrize(("permission", "statut"), [("fuites.confier", 200), ("fuites.ecrire", 403)])
def test_par_delegation_on_a_l_audience_de_qui_delegue(
    ecole: InstanceEssai, permission: str, statut: int
) -> None:
    """Le CPE écrit des absences, la direction n'en reçoit pas : ils ne prêtent que ce qu'ils ont."""
    with ecole.base.academie("essai") as session:
        session.add(
            Delegation(
                uai=ECOLE, personne_id=ecole.annuaire["documentaliste"], permission=permission,
                portee=Portee.ETABLISSEMENT.value, accordee_par=ecole.annuaire["direction"],
                motif="essai", accordee_le=ecole.horloge.maintenant(), debut=ecole.horloge.aujourd_hui(),
                fin=ecole.horloge.aujourd_hui() + timedelta(days=9),
            )
        )  # fmt: skip
    adresse = "/fuites/confier" if permission == "fuites.confier" else "/fuites/"
    assert ecole.client("documentaliste").post(adresse).status_code == statut


def test_la_sortie_tait_un_champ_a_qui_ne_recoit_pas_sa_colonne(ecole: InstanceEssai) -> None:
    adresse = "/api/v1/fuites/absences"
    assert set(ecole.client("cpe").get(adresse).get_json()[0]) == {"id", "motif", "note", "rang"}
    assert set(ecole.client("enseignant").get(adresse).get_json()[0]) == {"id", "motif", "rang"}


# --- Traces ----------------------------------------------------------------------------------


def test_lire_une_donnee_sensible_se_note_une_fois_par_jour(ecole: InstanceEssai) -> None:
    client, eleve = ecole.client("cpe"), ecole.annuaire["eleve"]
    for _ in range(3):
        client.get(f"/fuites/notes/{eleve}")
    client.get("/fuites/notes")
    client.get("/fuites/")
    with ecole.base.academie("essai") as session:
        traces = session.scalars(select(TraceLecture).order_by(TraceLecture.sujet_id)).all()
    assert [(t.lecteur_id, t.traitement, t.colonnes, t.sujet_id) for t in traces] == [
        (ecole.annuaire["cpe"], "fuites.absences", ["note"], eleve),
        (ecole.annuaire["cpe"], "fuites.absences", ["note"], None),
    ]


def test_une_ecriture_de_page_dit_la_brique_et_la_personne(ecole: InstanceEssai) -> None:
    with ecole.base.academie("essai") as session:
        avant = list(session.scalars(select(TraceEcriture.id)))
    portillon: Any = ecole.base.portillon
    portage = Portage(
        "page", uai=ECOLE, personne=ecole.annuaire["cpe"], finalites=portillon.finalites("fuites"),
        roles=("cpe",),
    )  # fmt: skip
    with ecole.base.unite(portage) as session:
        session.scalars(select(Absence)).one().motif = "changé"
    with ecole.base.academie("essai") as session:
        (trace,) = session.scalars(select(TraceEcriture).where(TraceEcriture.id.not_in(avant)))
    assert (trace.finalite, trace.role, trace.colonnes) == ("fuites", "ent_audience_cpe", ["motif"])


# --- Prix ------------------------------------------------------------------------------------


def test_une_page_de_brique_paie_un_ordre_de_plus_l_accueil_sans_brique_aucun(
    ecole: InstanceEssai,
) -> None:
    client = ecole.client("cpe")
    client.get("/")
    with compter_enonces(ecole.base) as page:
        client.get("/fuites/")
    assert sum("'role'" in enonce for enonce in page) == 2, "le prologue, puis l'audience"
    with compter_enonces(ecole.base) as avec:
        client.get("/")
    assert sum("'role'" in enonce for enonce in avec) == 2
    ecole.fermer("fuites")
    with compter_enonces(ecole.base) as sans:
        client.get("/")
    assert sum("'role'" in enonce for enonce in sans) == 1
    assert len(avec) == len(sans) + 2, "l'audience, et l'énoncé de la vignette"


def test_l_audience_ne_survit_pas_a_la_page(ecole: InstanceEssai) -> None:
    ecole.client("cpe").get("/fuites/")
    with ecole.base.moteur.connect() as connexion:
        assert connexion.execute(text(_UTILISATEUR)).scalar() == "ent_web"
