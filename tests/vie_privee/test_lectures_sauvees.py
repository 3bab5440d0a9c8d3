"""Une lecture qui a eu lieu reste notée, même si la page échoue ensuite ; un refus reste compté."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import func, literal, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from ent_core.brique import (
    BlueprintBrique,
    Contexte,
    Permission,
    Portee,
    Role,
    Vignette,
    exige,
    session_courante,
)
from ent_core.donnees.session import Portage
from ent_core.donnees.sous_portillon import hors_portillon
from ent_core.essais.base import Fabrique
from ent_core.essais.instance import FabriqueInstance, InstanceEssai, compter_enonces, faux_brique
from ent_core.socle.erreurs import DonneeInvalide, DonneeProtegee
from ent_core.vie_privee.traces.modeles import TraceLecture
from ent_core.vie_privee.traces.modeles_acces import RefusCompte
from tests.vie_privee.brique_fuites import BRIQUE, ICI, LA_BAS, Absence, Lieu, Monde, ouvrir_monde

pytestmark = pytest.mark.exigence("CNIL-LOG-01")


@pytest.fixture
def monde(fabrique_bases: Fabrique) -> Iterator[Monde]:
    yield from ouvrir_monde(fabrique_bases)


def cpe(monde: Monde) -> Portage:
    assert monde.base.portillon is not None
    return Portage(
        "essai", uai=ICI, personne=monde.annuaire["cpe"], finalites=monde.base.portillon.finalites("fuites"),
        roles=(Role.CPE,),
    )  # fmt: skip


def lire_la_note(session: Session, monde: Monde) -> None:
    session.scalars(select(Absence.note).where(Absence.eleve_id == monde.annuaire["eleve"])).all()


def notees(monde: Monde) -> list[tuple[Any, ...]]:
    with monde.base.academie("essai") as session:
        t = TraceLecture
        return [tuple(ligne) for ligne in session.execute(select(t.lecteur_id, t.uai, t.sujet_id, t.role))]


def refuses(monde: Monde) -> dict[tuple[str, str], int]:
    with monde.base.academie("essai") as session:
        return {
            (nature, objet): nombre
            for nature, objet, nombre in session.execute(
                select(RefusCompte.nature, RefusCompte.objet, RefusCompte.nombre)
            )
        }


def attendue(monde: Monde) -> list[tuple[Any, ...]]:
    return [(monde.annuaire["cpe"], ICI, monde.annuaire["eleve"], "ent_audience_cpe")]


def test_une_lecture_validee_se_note_une_fois(monde: Monde) -> None:
    with monde.base.unite(cpe(monde)) as session:
        lire_la_note(session, monde)
        lire_la_note(session, monde)
    assert notees(monde) == attendue(monde)


def test_les_lectures_se_notent_d_un_seul_envoi_sous_le_role_qui_a_lu(monde: Monde) -> None:
    with compter_enonces(monde.base) as enonces, monde.base.unite(cpe(monde)) as session:
        lire_la_note(session, monde)
        session.scalars(select(Absence.note).where(Absence.eleve_id == monde.annuaire["camarade"])).all()
        with hors_portillon(session, "essai : un service du noyau"):
            session.scalar(select(func.now()))
    assert sum("ent_noter_lecture" in enonce for enonce in enonces) == 1
    autre = (*attendue(monde)[0][:2], monde.annuaire["camarade"], "ent_audience_cpe")
    assert sorted(notees(monde), key=str) == sorted([*attendue(monde), autre], key=str)


def test_une_lecture_annulee_reste_notee_au_nom_de_qui_a_lu(monde: Monde) -> None:
    with monde.base.session(cpe(monde)) as session:
        lire_la_note(session, monde)
        session.rollback()
        assert notees(monde) == attendue(monde), "dès l'annulation, sans attendre la fin de la page"
    assert notees(monde) == attendue(monde)


def test_une_session_fermee_sans_rien_dire_note_aussi(monde: Monde) -> None:
    with monde.base.session(cpe(monde)) as session:
        lire_la_note(session, monde)
    assert notees(monde) == attendue(monde)


def test_un_point_de_reprise_rendu_ne_l_emporte_pas(monde: Monde) -> None:
    with monde.base.unite(cpe(monde)) as session:
        point = session.begin_nested()
        lire_la_note(session, monde)
        point.rollback()
    assert notees(monde) == attendue(monde)


def test_un_enonce_que_la_base_a_refuse_n_a_rien_lu(monde: Monde) -> None:
    # Noté avant de partir, puis impossible : diviser par zéro ne rend aucune note.
    enonce = select(Absence.note).where(Absence.eleve_id == monde.annuaire["eleve"])
    impossible = enonce.where(func.length(Absence.motif) / literal(0) == 1)
    with monde.base.session(cpe(monde)) as session, pytest.raises(DBAPIError):
        session.execute(impossible)
    assert notees(monde) == []


def test_un_enonce_refuse_par_le_portillon_se_compte(monde: Monde) -> None:
    assert monde.base.portillon is not None
    portage = Portage(
        "essai", uai=ICI, personne=monde.annuaire["assistant"],
        finalites=monde.base.portillon.finalites("fuites"), roles=(Role.ASSISTANT_EDUCATION,),
    )  # fmt: skip
    for _ in range(3):
        with pytest.raises(DonneeProtegee), monde.base.unite(portage) as session:
            session.scalars(select(Absence.note)).all()
    assert refuses(monde) == {("portillon", "table fuites_absence, colonne note"): 3}
    assert notees(monde) == []


@pytest.mark.exigence("RGPD-SEC-02")
def test_une_ecriture_vers_une_autre_ecole_se_compte(monde: Monde) -> None:
    with monde.base.session(cpe(monde)) as session:
        session.add(Lieu(uai=LA_BAS, nom="ailleurs"))
        with pytest.raises(DBAPIError, match="row-level security"):
            session.flush()
    assert refuses(monde) == {("base", "fuites"): 1}


# --- Dans les pages ----------------------------------------------------------------------------


@cache
def brique_a_pages() -> ModuleType:
    """La brique « fuites » : une page qui lit puis refuse la saisie, une vignette qui lit puis tombe."""
    pages = BlueprintBrique("fuites", __name__)

    @pages.get("/refaire")
    @exige("fuites.lire")
    def refaire() -> str:
        session_courante().scalars(select(Absence.note)).all()
        raise DonneeInvalide("la saisie est fausse.")

    def vignettes(session: Session, contexte: Contexte) -> list[Vignette]:
        session.scalars(select(Absence.note)).all()
        raise RuntimeError("une vignette qui tombe")

    crochets = {nom: getattr(BRIQUE, nom) for nom in vars(BRIQUE) if nom.startswith("ent_")}
    crochets["ent_routes"] = lambda: (pages,)
    crochets["ent_permissions"] = lambda: (
        Permission("fuites.lire", "Lire", {Role.CPE: Portee.ETABLISSEMENT}),
    )
    crochets["ent_tableau_de_bord"] = vignettes
    return faux_brique("fuites", **crochets)


@pytest.fixture
def ent(application_avec: FabriqueInstance) -> InstanceEssai:
    return application_avec(brique_a_pages())


@pytest.mark.parametrize(("adresse", "statut"), [("/fuites/refaire", 422), ("/", 200)])
def test_une_page_qui_echoue_apres_avoir_lu_laisse_sa_trace(
    ent: InstanceEssai, adresse: str, statut: int
) -> None:
    assert ent.client("cpe").get(adresse).status_code == statut
    with ent.base.academie("essai") as session:
        (trace,) = session.scalars(select(TraceLecture))
        assert (trace.lecteur_id, trace.colonnes) == (ent.annuaire["cpe"], ["note"])
