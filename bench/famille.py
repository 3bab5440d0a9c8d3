"""Le carnet de la famille : la page d'un élève, à côté de la même page nue.

La page nue a les mêmes routes et le même gabarit, dans la même application débarrassée de tout ce qui précède
et suit la vue : une connexion psycopg, du SQL à la main qui reconnaît la session, vérifie le lien de
responsabilité et lit ce que la page montre. Ni cloisonnement, ni rôles, ni portillon, ni trace de lecture, ni
opposition, ni autorisation d'absence : elle ne sait pas s'il y en a. Les deux pages ont le même texte.
"""

from __future__ import annotations

import argparse
import gc
import gzip
import hashlib
import re
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from ent_carnet import brique as carnet
from ent_carnet.libelles import OBSERVATIONS
from ent_carnet.nomenclatures import Genre, MotObservation, NatureAffichage
from ent_carnet.services.a_expliquer import AExpliquer
from ent_carnet.services.famille import CarnetLu, Journee
from ent_carnet.services.lecture_famille import LigneMontree
from ent_carnet.services.lignes import LigneCarnet
from flask import Flask, render_template, request, template_rendered
from sqlalchemy import text
from werkzeug.test import EnvironBuilder, run_wsgi_app

from bench.base import CLE, base_neuve
from bench.mesure import alterner, annoncer
from bench.peuplement import peupler
from ent_core.application import create_app
from ent_core.brique import FUSEAU, PersonneNommee, SeanceLue
from ent_core.chargement.decouverte import charger
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.instance import compter_enonces
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.socle.configuration import Configuration, Serveur
from ent_core.socle.dates import heure

__all__ = ["mesurer"]

_INSTANT, _JOUR = datetime(2026, 11, 17, 9, 0, tzinfo=UTC), date(2026, 11, 17)
_ECOLES, _ELEVE = 20, "select md5('10:eleve:150')::uuid"
"""L'enfant du premier parent de la dixième école."""
_PAGE, _TOUR_A_TOUR, _POIDS = 0.50, 0.90, 100_000
_REMPLIR = (
    "insert into compte (personne_id, identifiant) select md5('10:eleve:150')::uuid, 'eleve.10.150'",
    """
    insert into session_web
      (jeton, compte_id, personne_id, uai, profil, methode, appareil, reseau, creee_le, vue_le)
    select sha256(identifiant::bytea), id, personne_id, '0000010A',
      case identifiant when 'parent.10.1' then 'National_TUT' else 'National_ELV' end, 'banc', 'banc', '',
      cast(:instant as timestamptz), cast(:instant as timestamptz)
    from compte where identifiant in ('parent.10.1', 'eleve.10.150')
    """,
    """
    insert into carnet_appel (uai, annee, seance_id, debut, fin, division_id, matiere, fait_le, termine_le)
    select c.uai, c.annee, c.id, c.debut, c.fin, c.division_id, c.matiere, c.debut, c.debut
    from creneau c join inscription i on i.uai = c.uai and i.annee = c.annee
      and i.division_id = c.division_id
    where i.personne_id = md5('10:eleve:150')::uuid and c.debut < :instant and c.fin < :instant
    """,
)
_EVENEMENTS = (
    """
    insert into carnet_observation (uai, annee, eleve_id, code, jour, seance_id)
    select '0000010A', 2026, md5('10:eleve:150')::uuid, 'entraide', date '2026-11-16' - n, gen_random_uuid()
    from generate_series(1, :nombre) n
    """,
    """
    insert into carnet_absence (uai, annee, eleve_id, genre, debut, fin, traitee_le)
    select '0000010A', 2026, md5('10:eleve:150')::uuid, 'absence', d, d + interval '1 hour', d
    from generate_series(1, cast(:nombre as int) / 5) n,
      make_timestamptz(2026, 11, 16 - n, 8, 0, 0, 'Europe/Paris') d
    """,
)

_SESSION = """
select s.personne_id, s.uai from session_web s join compte c on c.id = s.compte_id
where s.jeton = %s and s.vue_le > %s and c.etat <> 'suspendu'
"""
_ENFANTS = """
select p.id, p.nom, coalesce(p.prenom, '') from personne p join responsabilite r on r.eleve_id = p.id
where r.responsable_id = %s and r.legal > 0 and r.debut <= %s and (r.fin is null or r.fin > %s)
order by p.prenom, p.nom
"""
_SEANCES = """
select c.id, c.debut, c.fin, coalesce(m.libelle, c.matiere), c.division_id, c.groupe_id, '',
  coalesce(c.salle, ''), c.etat
from inscription i join creneau c on c.uai = i.uai and c.annee = i.annee
  and (c.division_id = i.division_id or c.groupe_id = i.groupe_id)
left join matiere m on m.code = c.matiere
where i.uai = %s and i.annee = 2026 and i.personne_id = %s and i.debut <= %s
  and (i.fin is null or i.fin > %s) and c.debut >= %s and c.debut < %s
order by c.debut, c.id
"""
_ABSENCES = """
select a.id, a.genre, a.debut, a.fin, a.etat from carnet_absence a
left join carnet_motif m on m.uai = a.uai and m.id = a.motif_id
where a.uai = %s and a.annee = 2026 and a.eleve_id = %s and a.annulee_le is null
"""
_FAITS = """
select id, nature, debut, fin from carnet_fait
where uai = %s and annee = 2026 and eleve_id = %s and retire_le is null and debut >= %s and debut < %s
"""
_PUNITIONS = """
select p.id, p.nature, p.motif, p.jour, p.travail, r.id, r.debut, r.fin, r.lieu, r.etat
from carnet_punition p
left join carnet_retenue r on r.uai = p.uai and r.annee = p.annee and r.punition_id = p.id
where p.uai = %s and p.annee = 2026 and p.eleve_id = %s and p.annulee_le is null and p.jour >= %s
  and p.jour < %s
"""
_SANCTIONS = """
select id, sanction, motif, du, au from carnet_sanction
where uai = %s and eleve_id = %s and etat in ('notifiee', 'executee') and prononcee_le >= %s
  and prononcee_le < %s
"""
_MOTS = """
select id, code, jour from carnet_observation
where uai = %s and annee = 2026 and eleve_id = %s and retiree_le is null and jour >= %s and jour < %s
"""
_ACCUSES = """
select a.objet_id, c.lu_le from carnet_affichage a join carnet_accuse c on c.uai = a.uai
  and c.annee = a.annee and c.affichage_id = a.id and c.personne_id = %s
where a.uai = %s and a.annee = 2026 and a.eleve_id = %s and a.retire_le is null
"""
_ENVOIS = """
select j.id, j.debut, j.fin, m.libelle, j.etat from carnet_justification j
join carnet_motif m on m.uai = j.uai and m.id = j.motif_id
where j.uai = %s and j.annee = 2026 and j.eleve_id = %s order by j.recue_le desc limit 5
"""
_APPELS = """
select count(*) from carnet_appel where uai = %s and annee = 2026 and division_id = any(%s) and debut >= %s
  and debut < %s and termine_le is not null
"""


def mesurer(dossier: Path, *, tours: int = 7, fois: int = 30) -> bool:
    """Mesure et annonce ; rend vrai si les buts sont tenus.

    :param dossier: dossier de la base, effacé à la fin.
    :param tours: tours par mesure.
    :param fois: pages par tour.
    """
    with base_neuve(dossier, charger([], {"carnet": carnet}).distributions) as neuve:
        base = neuve.base
        with base.academie("banc : peuplement") as session:
            peupler(session, 1, _ECOLES, _JOUR)
            for ordre in _REMPLIR:
                session.execute(text(ordre), {"instant": _INSTANT})
            eleve: UUID = session.scalar(text(_ELEVE))
        application = _application(base)
        _ouvrir(application, base)
        neuve.ordonner("vacuum analyze")
        ours, la_sienne = (_lecture(application, eleve, qui) for qui in ("parent.10.1", "eleve.10.150"))
        calme = _enonces(base, ours)
        with base.academie("banc : événements") as session:
            for ordre in _EVENEMENTS:
                session.execute(text(ordre), {"nombre": 25})
        charge = _enonces(base, ours)
        commun = _ce_que_montre(application, ours)
        adresse = neuve.application.set(drivername="postgresql").render_as_string(hide_password=False)
        nue = _lecture(_page_nue(_application(base), adresse, commun), eleve, "parent.10.1")
        _comparer(ours(), nue())
        gc.collect()
        gc.freeze()
        series = alterner({"ENT": ours, "nue": nue}, tours=tours, fois=fois)
        for nom, serie in series.items():
            print(f"      {nom} : {serie.mur * 1000:.2f} ms par page, dont CPU {serie.cpu * 1000:.2f}")
        rapport = series["nue"].mur / series["ENT"].mur
        annoncer("carnet de la famille ÷ même HTML nu (débit)", rapport, "≥ 0,50", rapport >= _PAGE)
        melange = _tour_a_tour(ours, la_sienne, tours=tours, fois=fois)
        annoncer("parent et élève tour à tour ÷ chacun de suite", melange, "≥ 0,90", melange >= _TOUR_A_TOUR)
        libelle = f"énoncés qu'un carnet chargé ajoute aux {calme} d'un carnet vide"
        annoncer(libelle, charge - calme, "0", charge == calme)
        poids = _poids(application, ours())
        annoncer("page et fichiers, à froid, comprimés (Ko)", poids / 1000, "≤ 100", poids <= _POIDS)
        tenus = (rapport >= _PAGE, melange >= _TOUR_A_TOUR, charge == calme, poids <= _POIDS)
        return all(tenus)


def _tour_a_tour(parent: Callable[[], bytes], eleve: Callable[[], bytes], *, tours: int, fois: int) -> float:
    """Ce que coûte à la base de servir deux rôles à la fois : rien, si elle garde un plan pour chacun."""
    cas = {"parent": parent, "élève": eleve, "tour à tour": lambda: (parent(), eleve())}
    series = alterner(cas, tours=tours, fois=fois)
    return (series["parent"].mur + series["élève"].mur) / series["tour à tour"].mur


def _application(base: BaseDeDonnees) -> Flask:
    configuration = Configuration(cle_secrete=CLE, serveur=Serveur(securise=False))
    return create_app(configuration, base, horloge=HorlogeFixe(_INSTANT), briques={"carnet": carnet})


def _ouvrir(application: Flask, base: BaseDeDonnees) -> None:
    ent = application.extensions["ent"]
    cles = [prealable.cle for prealable in ent.activation.prealables.de("carnet")]
    ici = {"uai": "0000010A", "origine": "commande"}
    with base.academie("banc : ouverture") as session:
        ent.activation.basculer(session, ent.horloge, "carnet", ouverte=True, **ici)
        ent.activation.prealables.attester(session, ent.horloge, "carnet", cles=cles, **ici)


def _lecture(application: Flask, eleve: UUID, jeton: str) -> Callable[[], bytes]:
    adresse = f"/carnet/famille/{eleve}"
    temoins = f"ent={jeton}"
    _corps, _statut, recus = run_wsgi_app(
        application.wsgi_app, EnvironBuilder(adresse, headers=[("Cookie", temoins)]).get_environ()
    )
    temoins += "".join(f"; {valeur.split(';')[0]}" for valeur in recus.getlist("Set-Cookie"))
    environ = EnvironBuilder(adresse, headers=[("Cookie", temoins)]).get_environ()

    def lire() -> bytes:
        corps, statut, _entetes = run_wsgi_app(application.wsgi_app, dict(environ))
        if not statut.startswith("200"):
            raise RuntimeError(f"la page répond {statut}")
        return b"".join(corps)

    return lire


def _ce_que_montre(application: Flask, lire: Callable[[], bytes]) -> dict[str, Any]:
    """Ce qui ne vient pas de cet élève : menu, en-tête, thème ; la page nue le tient pour su."""
    vus: list[dict[str, Any]] = []

    def voir(_emetteur: Flask, context: dict[str, Any], **_: object) -> None:
        vus.append(context)

    with template_rendered.connected_to(voir, application):
        lire()
    noms = ("menu", "contexte", "theme", "aujourd_hui", "soi", "tout", "jour", "peut_expliquer")
    return {nom: vus[-1][nom] for nom in noms}


def _page_nue(nue: Flask, adresse: str, commun: dict[str, Any]) -> Flask:
    """L'application, moins tout ce qui entoure ses vues, et une vue écrite à la main."""
    nue.before_request_funcs.clear()
    nue.after_request_funcs.clear()
    nue.teardown_request_funcs.clear()
    nue.template_context_processors.clear()
    nue.jinja_env.globals["csrf_token"] = lambda: "jeton"
    nue.wsgi_app = Flask.wsgi_app.__get__(nue)  # type: ignore[method-assign] # sans les en-têtes de l'ENT
    connexion = psycopg.connect(adresse, prepare_threshold=1, autocommit=False)
    for reglage in ("plan_cache_mode = force_generic_plan", "role ent_academie", "timezone = 'UTC'"):
        connexion.execute(f"set {reglage}".encode())
    connexion.commit()

    def page(eleve_id: UUID) -> str:
        with connexion.transaction():
            lu = _lire(connexion, eleve_id)
        return render_template(
            "carnet/famille/carnet.html", lu=lu, lignes=lu.lignes[:30], adresse_du_reglement=lambda: "",
            peut_regler=lambda: False, request=request, **commun,
        )  # fmt: skip

    nue.view_functions["carnet.carnet_d_un_eleve"] = page
    return nue


def _lire(connexion: psycopg.Connection, eleve: UUID) -> CarnetLu:
    jeton = hashlib.sha256(request.cookies["ent"].encode()).digest()
    ouverte: Any = connexion.execute(_SESSION, (jeton, _INSTANT - timedelta(minutes=30))).fetchone()
    personne, uai = ouverte
    enfants = [PersonneNommee(*e) for e in connexion.execute(_ENFANTS, (personne, _JOUR, _JOUR))]
    lui = next(enfant for enfant in enfants if enfant.id == eleve)
    minuit = datetime.combine(_JOUR, time(), FUSEAU)
    du, au = _JOUR - timedelta(days=28), _JOUR + timedelta(days=31)
    borne = minuit + timedelta(days=22)
    seances = [_seance(*s) for s in connexion.execute(_SEANCES, (uai, eleve, _JOUR, _JOUR, minuit, borne))]
    jours = sorted({s.debut.astimezone(FUSEAU).date() for s in seances})
    absences = connexion.execute(_ABSENCES, (uai, eleve)).fetchall()
    connexion.execute(_FAITS, (uai, eleve, minuit - timedelta(days=28), minuit)).fetchall()
    connexion.execute(_PUNITIONS, (uai, eleve, du, au)).fetchall()
    connexion.execute(_SANCTIONS, (uai, eleve, du, au)).fetchall()
    mots = connexion.execute(_MOTS, (uai, eleve, du, au)).fetchall()
    vues: dict[UUID, date] = dict(connexion.execute(_ACCUSES, (personne, uai, eleve)).fetchall())
    connexion.execute(_ENVOIS, (uai, eleve)).fetchall()
    divisions = list({s.division_id for s in seances})
    faits: Any = connexion.execute(_APPELS, (uai, divisions, minuit, minuit + timedelta(days=1))).fetchone()
    lignes = [
        *(LigneMontree(_absence(a, debut, fin), vues.get(a)) for a, _, debut, fin, _ in absences),
        *(LigneMontree(_mot(*mot), vues.get(mot[0])) for mot in mots),
    ]
    lignes.sort(key=lambda m: (m.ligne.jour, m.ligne.nature, m.ligne.detail, str(m.ligne.objet_id)))
    return CarnetLu(
        lui,
        enfants,
        papier=False,
        presence=f"Aucune absence aujourd'hui, {faits[0]} appels faits.",
        a_expliquer=[
            AExpliquer(eleve, Genre(genre), debut, fin, False)
            for _, genre, debut, fin, _ in sorted(absences, key=lambda a: a[2])
        ],
        aujourd_hui=_journee(jours[0], seances),
        prochain=_journee(jours[1], seances),
        lignes=lignes[::-1],
    )


def _seance(*colonnes: Any) -> SeanceLue:
    valeurs = [*colonnes, ()]
    return SeanceLue(*valeurs)


def _journee(jour: date, seances: Sequence[SeanceLue]) -> Journee:
    return Journee(jour, tuple(s for s in seances if s.debut.astimezone(FUSEAU).date() == jour))


def _absence(absence: UUID, debut: datetime, fin: datetime) -> LigneCarnet:
    return LigneCarnet(
        NatureAffichage.ABSENCE, absence, debut.astimezone(FUSEAU).date(), "Absence",
        f"De {heure(debut)} à {heure(fin)}.", "Motif à donner à la vie scolaire.",
    )  # fmt: skip


def _mot(mot: UUID, code: str, jour: date) -> LigneCarnet:
    return LigneCarnet(
        NatureAffichage.OBSERVATION, mot, jour, OBSERVATIONS[MotObservation(code)], "Observation."
    )


def _comparer(notre: bytes, nue: bytes) -> None:
    """Les deux pages disent la même chose : même texte, au jeton près."""
    textes = [" ".join(re.sub(r"<[^>]+>", " ", page.decode()).split()) for page in (notre, nue)]
    if textes[0] != textes[1]:
        rang = next(r for r, (a, b) in enumerate(zip(*textes, strict=False)) if a != b)
        extraits = [texte[max(0, rang - 80) : rang + 120] for texte in textes]
        raise RuntimeError(f"les pages diffèrent :\n{extraits[0]}\n{extraits[1]}")


def _enonces(base: BaseDeDonnees, lire: Callable[[], bytes]) -> int:
    """Énoncés d'une page, en régime établi."""
    lire()
    with compter_enonces(base) as enonces:
        lire()
    return len(enonces)


def _poids(application: Flask, page: bytes) -> int:
    """Octets de la page et de ses fichiers, comprimés comme le serveur frontal les envoie."""
    total, client = len(gzip.compress(page)), application.test_client()
    for fichier in set(re.findall(r'(?:href|src)="(/[^"#]*\.(?:css|js|svg|woff2)[^"#]*)', page.decode())):
        with client.get(fichier) as servi:
            total += len(gzip.compress(servi.data))
    return total


def principal() -> int:
    """Lance ce banc seul ; rend 1 si un but n'est pas tenu."""
    analyse = argparse.ArgumentParser(description=__doc__)
    analyse.add_argument("--tours", type=int, default=7)
    analyse.add_argument("--fois", type=int, default=30)
    choix = analyse.parse_args()
    with tempfile.TemporaryDirectory(prefix="ent-banc-") as dossier:
        tenu = mesurer(Path(dossier), tours=choix.tours, fois=choix.fois)
    return 0 if tenu else 1


if __name__ == "__main__":
    sys.exit(principal())
