"""L'ouvrier : il essaie, recule, honore les rendez-vous, et sa mort ne perd rien."""

from __future__ import annotations

import asyncio
import logging
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from procrastinate.periodic import PeriodicDeferrer
from sqlalchemy import func, select, text

from ent_core.chargement.decouverte import charger
from ent_core.chargement.ouvrier import demarrer_ouvrier, executer
from ent_core.chargement.taches import (
    controler_taches,
    libelle_de,
    prochain_rendez_vous,
    tableau_des_taches,
    toutes_les_taches,
)
from ent_core.chargement.travaux import Recul, construire
from ent_core.contrat.taches import Tache
from ent_core.donnees.file_taches import differer, etat_file, lister_morts, rejouer, reprendre
from ent_core.donnees.session import ROLE_ACADEMIE, BaseDeDonnees, Portage
from ent_core.identite.modeles import ActeJournal
from ent_core.socle.calendrier import FUSEAU, Horloge, HorlogeFixe, HorlogeSysteme
from ent_core.socle.configuration import Configuration
from ent_core.socle.erreurs import BaseIndisponible
from tests.taches.ouvrier_essai import BARRIERE

Statut = Callable[[int], str | None]
Attendre = Callable[[Callable[[], bool]], None]

SCRIPT = Path(__file__).parent / "ouvrier_essai.py"


def sans_effet(_base: BaseDeDonnees, _horloge: Horloge) -> None:
    """Un travail qui ne fait rien."""


def vider(base: BaseDeDonnees, *taches: Tache, horloge: Horloge | None = None) -> None:
    executer(base, taches, horloge or HorlogeSysteme(), une_fois=True)


def echeance_passee(base: BaseDeDonnees) -> None:
    """Le temps du recul a passé."""
    with base.academie("essai") as session:
        session.execute(
            text("update taches.procrastinate_jobs set scheduled_at = now() where status = 'todo'")
        )


@pytest.fixture
def ouvriers(base: BaseDeDonnees) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Lance de vrais ouvriers, arrêtés à la fin de l'essai."""
    lances: list[subprocess.Popen[bytes]] = []

    def lancer() -> subprocess.Popen[bytes]:
        adresse = base.url.render_as_string(hide_password=False)
        racine = Path(__file__).parents[2]
        commande = [sys.executable, str(SCRIPT), adresse]
        lances.append(subprocess.Popen(commande, cwd=racine, env={"PYTHONPATH": str(racine)}))  # noqa: S603 - notre propre script
        return lances[-1]

    yield lancer
    for processus in lances:
        processus.kill()
        processus.wait()


def test_un_travail_recoit_la_base_l_horloge_et_ses_arguments(base: BaseDeDonnees, statut: Statut) -> None:
    recus: list[Any] = []
    with base.ecole("0750001A", "essai") as session:
        numero = differer(session, "essai.tache", lot="a-1", rang=2)
    noter: Callable[..., None] = lambda *args, **arguments: recus.append((args, arguments))  # noqa: E731 - plus court ici
    horloge = HorlogeFixe()
    vider(base, Tache("essai.tache", noter), horloge=horloge)
    assert recus == [((base, horloge), {"lot": "a-1", "rang": 2})]
    assert statut(numero) == "succeeded"


def test_un_travail_qui_echoue_est_essaye_puis_meurt_puis_se_rejoue(
    base: BaseDeDonnees, statut: Statut
) -> None:
    essais: list[int] = []
    panne = True

    def fragile(_base: BaseDeDonnees, _horloge: Horloge) -> None:
        essais.append(1)
        if panne:
            raise ConnectionError

    tache = Tache("essai.fragile", fragile, essais=2)
    with base.academie("essai") as session:
        numero = differer(session, "essai.fragile")
    vider(base, tache)
    assert (len(essais), statut(numero)) == (1, "todo")
    vider(base, tache)
    assert len(essais) == 1, "le recul n'est pas passé"
    echeance_passee(base)
    vider(base, tache)
    assert (len(essais), statut(numero)) == (2, "failed")

    panne = False
    with base.academie("essai") as session:
        rejouer(session, numero)
    vider(base, tache)
    assert (len(essais), statut(numero)) == (3, "succeeded")


def test_le_recul_quadruple_jusqu_a_six_heures() -> None:
    application = construire(BaseDeDonnees("postgresql://essai@localhost/essai"), (), HorlogeFixe())
    recul = Recul(12)
    attentes = []
    for faits in range(12):
        travail = application.configure_task("essai.tache").job.evolve(attempts=faits)
        avant = datetime.now(UTC)  # noqa: TID251 - Procrastinate date ses reculs à l'heure du système
        decision = recul.get_retry_decision(exception=ValueError(), job=travail)
        attentes.append(
            round((decision.retry_at - avant).total_seconds()) if decision and decision.retry_at else None
        )
    assert attentes == [30, 120, 480, 1920, 7680, *([21600] * 6), None]


@pytest.mark.exigence("CNIL-LOG-01")
def test_ni_les_arguments_ni_le_message_d_une_panne_n_entrent_dans_un_journal(
    base: BaseDeDonnees, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    def indiscrete(_base: BaseDeDonnees, _horloge: Horloge, *, eleve: str) -> None:
        raise ValueError(f"Zoé Bernard ({eleve}) introuvable")

    caplog.set_level(logging.DEBUG)
    with base.academie("essai") as session:
        differer(session, "essai.indiscrete", eleve="e-42")
        differer(session, "essai.inconnue", eleve="e-42")
    vider(base, Tache("essai.indiscrete", indiscrete, essais=1))
    with base.academie("essai") as session:
        assert [mort.exception for mort in lister_morts(session)] == [None, "ValueError"]
        ecrits = session.execute(text("select string_agg(e::text, ' ') from taches.echecs e")).scalar_one()
    sortie = capfd.readouterr()
    ecrits += caplog.text + str([vars(r) for r in caplog.records]) + sortie.out + sortie.err
    assert "ValueError" in ecrits
    assert not [mot for mot in ("Bernard", "introuvable", "e-42") if mot in ecrits]


def test_la_tache_d_une_brique_absente_attend_en_mort_qu_on_la_rejoue(
    base: BaseDeDonnees, statut: Statut
) -> None:
    with base.academie("essai") as session:
        numero = differer(session, "partie.tache")
    vider(base)
    assert statut(numero) == "failed"
    with base.academie("essai") as session:
        [ligne] = [x for x in tableau_des_taches(session, (), HorlogeFixe().maintenant()) if not x.connue]
        assert ligne.comptes.tache == "partie.tache"
        rejouer(session, numero)
    vider(base, Tache("partie.tache", sans_effet))
    assert statut(numero) == "succeeded"


def test_un_ouvrier_qui_ne_peut_pas_ecrire_une_issue_s_arrete_et_rend_son_travail(
    base: BaseDeDonnees, capfd: pytest.CaptureFixture[str]
) -> None:
    def disparaitre(base: BaseDeDonnees, _horloge: Horloge) -> None:
        """Comme si un autre ouvrier l'avait repris et fini."""
        with base.academie("essai") as session:
            session.execute(text("update taches.procrastinate_jobs set status = 'succeeded'"))

    with base.academie("essai") as session:
        differer(session, "essai.tache")
    with pytest.raises(BaseIndisponible, match="ne peut plus suivre la file"):
        vider(base, Tache("essai.tache", disparaitre))
    assert "Traceback" not in capfd.readouterr().err


def test_un_ouvrier_tue_net_ne_perd_pas_son_travail(
    base: BaseDeDonnees, statut: Statut, attendre: Attendre, ouvriers: Callable[[], subprocess.Popen[bytes]]
) -> None:
    with base.academie("essai") as session:
        numero = differer(session, "essai.attendre", lot="lot-1")
    with base.moteur.connect() as barriere:
        barriere.execute(text("select pg_advisory_lock(:v)"), {"v": BARRIERE})
        premier = ouvriers()
        attendre(lambda: statut(numero) == "doing")
        premier.send_signal(signal.SIGKILL)
        premier.wait()
        with base.unite(Portage("essai", role=ROLE_ACADEMIE)) as session:
            session.execute(
                text("update taches.procrastinate_workers set last_heartbeat = now() - interval '1 hour'")
            )
        barriere.execute(text("select pg_advisory_unlock(:v)"), {"v": BARRIERE})
        barriere.commit()
    second = ouvriers()
    attendre(lambda: statut(numero) == "succeeded")
    second.send_signal(signal.SIGTERM)
    assert second.wait(30) == 0
    with base.academie("essai") as session:
        faits = select(func.count()).select_from(ActeJournal).where(ActeJournal.objet == "lot-1")
        assert session.scalar(faits) == 1


def test_un_ouvrier_arrete_proprement_finit_son_travail(
    base: BaseDeDonnees, statut: Statut, attendre: Attendre, ouvriers: Callable[[], subprocess.Popen[bytes]]
) -> None:
    with base.academie("essai") as session:
        numero, suivant = (differer(session, "essai.attendre", lot=f"lot-{n}") for n in (1, 2))
    with base.moteur.connect() as barriere:
        barriere.execute(text("select pg_advisory_lock(:v)"), {"v": BARRIERE})
        ouvrier = ouvriers()
        attendre(lambda: statut(numero) == "doing")
        ouvrier.send_signal(signal.SIGTERM)
        barriere.execute(text("select pg_advisory_unlock(:v)"), {"v": BARRIERE})
        barriere.commit()
    assert ouvrier.wait(30) == 0
    assert statut(numero) == "succeeded"
    assert statut(suivant) in {"todo", "succeeded"}


def test_un_travail_qui_tue_son_ouvrier_a_chaque_fois_finit_par_mourir(
    base: BaseDeDonnees, statut: Statut
) -> None:
    with base.academie("essai") as session:
        numero = differer(session, "essai.tache")
    for attendu in ("todo", "todo", "failed"):
        with base.academie("essai") as session:
            session.execute(text("select id from taches.procrastinate_fetch_job_v2(null, null)"))
            assert reprendre(session, timedelta(), {"essai.tache": 1}, HorlogeFixe().maintenant(), None) == [
                numero
            ]
        assert statut(numero) == attendu
    with base.academie("essai") as session:
        assert [mort.exception for mort in lister_morts(session)] == ["OuvrierInterrompu"]


def test_le_travail_d_un_ouvrier_vivant_n_est_pas_repris(base: BaseDeDonnees, statut: Statut) -> None:
    with base.academie("essai") as session:
        numero = differer(session, "essai.tache")
        ouvrier = session.execute(
            text("select worker_id from taches.procrastinate_register_worker_v1()")
        ).scalar_one()
        session.execute(text("select id from taches.procrastinate_fetch_job_v2(null, :o)"), {"o": ouvrier})
        instant = HorlogeFixe().maintenant()
        assert reprendre(session, timedelta(seconds=30), {}, instant, None) == []
        session.execute(
            text("update taches.procrastinate_workers set last_heartbeat = now() - interval '1 hour'")
        )
        assert reprendre(session, timedelta(seconds=30), {}, instant, ouvrier) == [], "sa machine a dormi"
        assert reprendre(session, timedelta(seconds=30), {}, instant, None) == [numero]


def test_un_rendez_vous_est_honore_une_fois_a_l_heure_de_paris(base: BaseDeDonnees) -> None:
    faits: list[dict[str, Any]] = []
    noter: Callable[..., None] = lambda _base, _horloge, **arguments: faits.append(arguments)  # noqa: E731 - plus court ici
    tache = Tache("essai.nuit", noter, periode="40 2 * * *")
    matin = HorlogeFixe(datetime(2026, 9, 7, 8, tzinfo=FUSEAU).astimezone(UTC))
    vider(base, tache, horloge=matin)
    vider(base, tache, horloge=matin)
    assert faits == [{}]
    vider(base, tache, horloge=HorlogeFixe(matin.instant + timedelta(days=1)))
    assert faits == [{}, {}]
    with base.academie("essai") as session:
        dates = session.execute(
            text("select defer_timestamp from taches.procrastinate_periodic_defers")
        ).scalars()
        assert set(dates) == {datetime(2026, 9, 8, 2, 40, tzinfo=FUSEAU).timestamp()}


def test_deux_ouvriers_ne_prennent_pas_deux_fois_le_meme_rendez_vous(base: BaseDeDonnees) -> None:
    tache = Tache("essai.nuit", sans_effet, periode="40 2 * * *")
    instant = datetime(2026, 9, 7, 3, tzinfo=FUSEAU).timestamp()

    async def inscrire() -> None:
        application = construire(base, [tache], HorlogeFixe())
        async with application.open_async():
            rendez_vous = PeriodicDeferrer(application.periodic_registry, **application.periodic_defaults)
            await rendez_vous.defer_jobs(rendez_vous.get_previous_tasks(at=instant))

    asyncio.run(inscrire())
    asyncio.run(inscrire())
    with base.academie("essai") as session:
        assert [compte.en_attente for compte in etat_file(session)] == [1]


@pytest.mark.parametrize(
    ("apres", "prochain"),
    [
        (datetime(2026, 9, 7, 8, tzinfo=FUSEAU), datetime(2026, 9, 8, 2, 40, tzinfo=FUSEAU)),
        (datetime(2026, 10, 25, 12, tzinfo=FUSEAU), datetime(2026, 10, 26, 2, 40, tzinfo=FUSEAU)),
        # La nuit du passage à l'heure d'été, 2 h 40 n'existe pas.
        (datetime(2027, 3, 27, 12, tzinfo=FUSEAU), datetime(2027, 3, 28, 3, 0, tzinfo=FUSEAU)),
    ],
)
def test_le_prochain_rendez_vous_est_a_l_heure_de_paris(apres: datetime, prochain: datetime) -> None:
    assert prochain_rendez_vous("40 2 * * *", apres) == prochain.astimezone(UTC)


@pytest.mark.parametrize(
    ("taches", "codes"),
    [
        ([Tache("a.b", print), Tache("a.b", print)], ["TACHE-002"]),
        ([Tache("a.b", print, periode="tous les jours")], ["TACHE-003"]),
        ([Tache("a.b", print, periode="* * * * * *")], ["TACHE-003"]),
        ([Tache("a.b", print, periode="61 * * * *", essais=0)], ["TACHE-003", "TACHE-004"]),
        ([Tache("a.b", print, periode="*/5 8-18 * * 1-5")], []),
    ],
)
def test_une_tache_mal_declaree_est_signalee(taches: Sequence[Tache], codes: list[str]) -> None:
    assert [anomalie.code for anomalie in controler_taches(taches)] == codes


def test_les_taches_du_noyau_sont_bien_declarees_et_se_rejouent(base: BaseDeDonnees) -> None:
    taches = toutes_les_taches(charger([]), Configuration())
    assert list(controler_taches(taches)) == []
    assert all(tache.libelle for tache in taches), "la page des travaux dit ce que fait chacune"
    assert libelle_de("essai.ranger_les_livres", taches) == "Essai : ranger les livres"
    periodiques = [tache for tache in taches if tache.periode]
    assert len(periodiques) >= 4
    for _ in range(2):
        with base.academie("essai") as session:
            for tache in periodiques:
                differer(session, tache.nom)
        vider(base, *taches)
    with base.academie("essai") as session:
        comptes = [(compte.en_attente, compte.morts) for compte in etat_file(session)]
    assert comptes == [(0, 0)] * len(periodiques)


def test_l_ouvrier_de_fond_travaille_puis_s_arrete(
    base: BaseDeDonnees, statut: Statut, attendre: Attendre
) -> None:
    with base.academie("essai") as session:
        numero = differer(session, "noyau.purger_travaux")
    ouvrier = demarrer_ouvrier(Configuration(), base.url)
    attendre(lambda: statut(numero) == "succeeded")
    assert ouvrier.vivant
    ouvrier.arreter(30)
    assert not ouvrier.vivant
    with base.academie("essai") as session:
        assert session.execute(text("select count(*) from taches.procrastinate_workers")).scalar() == 0
