"""La file : un travail vit et meurt avec la transaction qui le demande."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from ent_core.donnees.file_taches import (
    GARDE_FINIS,
    GARDE_MORTS,
    abandonner,
    differer,
    etat_file,
    lister_morts,
    noter_echec,
    purger,
    rejouer,
)
from ent_core.donnees.session import BaseDeDonnees
from ent_core.socle.calendrier import HorlogeSysteme
from ent_core.socle.erreurs import Introuvable

UAI = "0750001A"


def tuer(base: BaseDeDonnees, nom: str = "essai.tache", **arguments: Any) -> int:
    """Un travail mort, comme si tous ses essais avaient échoué."""
    with base.academie("essai") as session:
        numero = differer(session, nom, **arguments)
        session.execute(
            text("update taches.procrastinate_jobs set attempts = 4 where id = :id"), {"id": numero}
        )
        session.execute(text("select taches.procrastinate_fetch_job_v2(null, null)"))
        session.execute(
            text("select taches.procrastinate_finish_job_v1(:id, 'failed', false)"), {"id": numero}
        )
        noter_echec(session, numero, "ConnectionError", HorlogeSysteme().maintenant())
    return numero


def test_un_travail_demande_dans_une_ecole_attend_une_fois_la_transaction_validee(
    base: BaseDeDonnees, statut: Callable[[int], str | None]
) -> None:
    with base.ecole(UAI, "essai") as session:
        numero = differer(session, "essai.tache", lot=str(uuid4()), rang=3)
        assert statut(numero) is None
    assert statut(numero) == "todo"


def test_une_transaction_annulee_emporte_son_travail(base: BaseDeDonnees) -> None:
    def demander_puis_echouer() -> None:
        with base.ecole(UAI, "essai") as session:
            differer(session, "essai.tache")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        demander_puis_echouer()
    with base.academie("essai") as session:
        assert etat_file(session) == []


def test_un_travail_se_demande_aussi_avec_le_role_de_l_academie(base: BaseDeDonnees) -> None:
    with base.academie("essai") as session:
        differer(session, "essai.tache", dans=timedelta(hours=1))
        [comptes] = etat_file(session)
    assert (comptes.tache, comptes.en_attente) == ("essai.tache", 1)


@pytest.mark.parametrize(
    "ordre",
    [
        "select args from taches.procrastinate_jobs",
        "delete from taches.procrastinate_jobs",
        "select taches.procrastinate_defer_jobs_v1('{}')",
        "select taches.procrastinate_fetch_job_v2(null, 1)",
        "create table taches.intruse ()",
    ],
)
def test_une_ecole_ne_lit_ni_ne_change_la_file(base: BaseDeDonnees, ordre: str) -> None:
    with base.ecole(UAI, "essai") as session:
        differer(session, "essai.tache")
    with pytest.raises(ProgrammingError, match="permission denied"), base.ecole(UAI, "essai") as session:
        session.execute(text(ordre))


PAS_DES_IDENTIFIANTS = (
    "Zoé", "Marie Dupont", "m.dupont@exemple.fr", "x" * 201, date(2010, 1, 1), uuid4(), {1},
    ["a b"], {"a b": 1},
)  # fmt: skip


@pytest.mark.parametrize("valeur", PAS_DES_IDENTIFIANTS, ids=range(len(PAS_DES_IDENTIFIANTS)))
def test_un_nom_ou_un_texte_libre_n_entre_pas_dans_la_file(base: BaseDeDonnees, valeur: Any) -> None:
    with (
        pytest.raises(ValueError, match=r"essai\.tache, argument « eleve »") as refus,
        base.academie("essai") as session,
    ):
        differer(session, "essai.tache", eleve=valeur)
    assert str(valeur) not in str(refus.value)


def test_un_nom_de_tache_mal_forme_est_refuse(base: BaseDeDonnees) -> None:
    with pytest.raises(ValueError, match=r"brique\.verbe"), base.academie("essai") as session:
        differer(session, "envoyer")


def test_une_cle_unique_garde_un_seul_travail_en_attente(base: BaseDeDonnees) -> None:
    with base.ecole(UAI, "essai") as session:
        premier = differer(session, "essai.tache", cle_unique="bulletin-1")
        assert differer(session, "essai.tache", cle_unique="bulletin-1") == premier
        assert differer(session, "essai.autre", cle_unique="bulletin-1") != premier
    with base.ecole(UAI, "essai") as session:
        assert differer(session, "essai.tache", cle_unique="bulletin-1") == premier


def test_un_travail_commence_ne_tient_plus_sa_cle(base: BaseDeDonnees) -> None:
    with base.academie("essai") as session:
        premier = differer(session, "essai.tache", cle_unique="c")
        session.execute(text("update taches.procrastinate_jobs set status = 'doing'"))
        second = differer(session, "essai.tache", cle_unique="c")
        assert second != premier
        # Le premier échoue et revient : les deux attendent, sans se gêner.
        session.execute(
            text("select taches.procrastinate_retry_job_v2(:id, now(), null, null, null)"), {"id": premier}
        )
        assert etat_file(session)[0].en_attente == 2


def test_l_ouvrier_attend_la_fin_de_qui_s_en_remet_a_un_travail_deja_la(base: BaseDeDonnees) -> None:
    prendre = text("select id from taches.procrastinate_fetch_job_v2(null, null)")
    with base.ecole(UAI, "essai") as session:
        numero = differer(session, "essai.tache", cle_unique="c")
    with base.ecole(UAI, "essai") as session:
        assert differer(session, "essai.tache", cle_unique="c") == numero
        with base.academie("ouvrier") as ouvrier:
            assert ouvrier.execute(prendre).scalar() is None
    with base.academie("ouvrier") as ouvrier:
        assert ouvrier.execute(prendre).scalar() == numero


def test_deux_transactions_de_meme_cle_ne_laissent_qu_un_travail(base: BaseDeDonnees) -> None:
    obtenus: list[int] = []

    def demander() -> None:
        with base.ecole(UAI, "essai") as session:
            obtenus.append(differer(session, "essai.tache", cle_unique="c"))

    with base.ecole(UAI, "essai") as session:
        premier = differer(session, "essai.tache", cle_unique="c")
        fil = threading.Thread(target=demander)
        fil.start()
    fil.join()
    assert obtenus == [premier]


def test_un_mort_est_montre_avec_le_seul_type_de_sa_cause(base: BaseDeDonnees) -> None:
    numero = tuer(base, lot="a-1")
    with base.academie("essai") as session:
        [mort] = lister_morts(session)
    assert (mort.id, mort.tache, mort.essais, mort.exception) == (numero, "essai.tache", 5, "ConnectionError")
    assert mort.arguments == {"lot": "a-1"}


def test_un_mort_rejoue_attend_avec_tous_ses_essais(
    base: BaseDeDonnees, statut: Callable[[int], str | None]
) -> None:
    numero = tuer(base)
    with base.academie("essai") as session:
        assert rejouer(session, numero) == "essai.tache"
        assert session.execute(text("select attempts from taches.procrastinate_jobs")).scalar() == 0
    assert statut(numero) == "todo"
    with pytest.raises(Introuvable), base.academie("essai") as session:
        rejouer(session, numero)


def test_un_mort_de_meme_cle_qu_un_travail_qui_attend_se_rejoue(base: BaseDeDonnees) -> None:
    numero = tuer(base, cle_unique="c")
    with base.academie("essai") as session:
        differer(session, "essai.tache", cle_unique="c")
        rejouer(session, numero)
        assert etat_file(session)[0].en_attente == 2


def test_un_mort_abandonne_n_est_plus_montre(base: BaseDeDonnees) -> None:
    numero = tuer(base)
    with base.academie("essai") as session:
        abandonner(session, numero)
        assert lister_morts(session) == []
        assert etat_file(session)[0].abandonnes == 1
        with pytest.raises(Introuvable):
            abandonner(session, numero)


def test_la_purge_efface_les_finis_a_sept_jours_et_les_morts_a_quatre_vingt_dix(base: BaseDeDonnees) -> None:
    instant = HorlogeSysteme().maintenant()
    garde, mort, perdu = tuer(base), tuer(base), tuer(base)
    vieillir = text("update taches.procrastinate_events set at = :instant where job_id = :id")
    with base.academie("essai") as session:
        differer(session, "essai.attend")
        abandonner(session, garde)
        abandonner(session, mort)
        session.execute(vieillir, {"id": mort, "instant": instant - GARDE_FINIS - timedelta(minutes=1)})
        session.execute(vieillir, {"id": perdu, "instant": instant - GARDE_FINIS - timedelta(minutes=1)})
    with base.academie("essai") as session:
        assert purger(session, instant) == 1
        assert purger(session, instant + GARDE_MORTS) == 2
        assert [compte.tache for compte in etat_file(session)] == ["essai.attend"]
