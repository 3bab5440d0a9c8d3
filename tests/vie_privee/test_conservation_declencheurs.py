"""Les départs et les échéances : des fonctions pures, et leurs jumelles en SQL qui disent la même chose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import cast, func, literal, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import FromClause
from sqlalchemy.types import Date

from ent_core.chargement.decouverte import charger
from ent_core.contrat.donnees import Conservation, Copie, Depart, Duree, Sort
from ent_core.donnees.session import ROLE_ACADEMIE, BaseDeDonnees, Portage
from ent_core.essais.annuaire import ECOLE
from ent_core.essais.base import Fabrique
from ent_core.identite.modeles import (
    ActeJournal,
    AnneeScolaire,
    Division,
    Etablissement,
    Inscription,
    Personne,
    Rattachement,
    Responsabilite,
    Scolarite,
)
from ent_core.vie_privee.conservation import declencheurs as d
from ent_core.vie_privee.conservation.expressions import ajouter_sql, calculer, echeance_sql
from ent_core.vie_privee.conservation.regles import Regle, Regles
from ent_core.vie_privee.conservation.situation import periode_sql
from ent_core.vie_privee.conservation.tri import annee_temoin, graine, retenue
from ent_core.vie_privee.registre import Registre

JOUR = date(2027, 9, 1)
jours = st.dates(date(2020, 1, 1), date(2035, 12, 31))
durees = st.builds(Duree, mois=st.integers(0, 140), jours=st.integers(0, 400))
instants_utc = st.integers(0, 500_000_000).map(
    lambda s: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=s)
)
_SANS = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize(
    ("depart", "duree", "attendue"),
    [
        (date(2027, 1, 31), Duree(mois=1), date(2027, 2, 28)),
        (date(2028, 1, 31), Duree(mois=1), date(2028, 2, 29)),
        (date(2028, 2, 29), Duree(mois=12), date(2029, 2, 28)),
        (date(2026, 11, 30), Duree(mois=3), date(2027, 2, 28)),
        (date(2027, 12, 31), Duree(mois=2, jours=1), date(2028, 3, 1)),
        (date(2027, 5, 4), Duree(), date(2027, 5, 4)),
    ],
)
def test_les_mois_sont_bornes_a_la_fin_du_mois(depart: date, duree: Duree, attendue: date) -> None:
    assert d.ajouter(depart, duree) == attendue


@given(jours, durees)
def test_le_dernier_depart_echu_l_est_et_le_suivant_non(jour: date, duree: Duree) -> None:
    dernier = d.dernier_depart_echu(jour, duree)
    assert d.ajouter(dernier, duree) <= jour < d.ajouter(dernier + timedelta(days=1), duree)


def test_la_veille_le_jour_et_le_lendemain() -> None:
    depart, duree = date(2026, 9, 8), Duree(mois=3)
    assert [d.echeance(depart, duree) <= date(2026, 12, n) for n in (7, 8, 9)] == [False, True, True]  # type: ignore[operator] # jamais vide ici


def test_une_date_absente_n_est_jamais_echue() -> None:
    assert d.echeance(None, Duree(mois=1), date(2020, 1, 1)) is None
    assert d.fait_date(None) is None
    assert d.perte_de_vocation([date(2026, 1, 1), None]) is None
    assert d.perte_de_vocation([]) is None
    assert d.sortie_etablissement([], JOUR) is None
    assert d.sortie_etablissement([date(2027, 1, 1), JOUR + timedelta(days=1)], JOUR) is None
    assert d.fin_annee_scolaire(2026, 1, {2026: (date(2026, 9, 1), date(2027, 7, 4))}) is None


def test_la_regle_est_un_maximum_le_terme_propre_est_plus_proche() -> None:
    depart = date(2026, 9, 8)
    assert d.echeance(depart, Duree(mois=3), depart + timedelta(days=60)) == depart + timedelta(days=60)
    assert d.echeance(depart, Duree(mois=3), depart + timedelta(days=99)) == date(2026, 12, 8)


def test_un_instant_se_date_a_l_heure_de_paris() -> None:
    assert d.fait_date(datetime(2026, 8, 31, 22, 30, tzinfo=UTC)) == date(2026, 9, 1)


def test_entre_deux_annees_un_jour_n_est_d_aucune() -> None:
    calendrier = {2026: (date(2026, 9, 1), date(2027, 7, 4)), 2027: (date(2027, 9, 1), date(2028, 7, 4))}
    assert d.annee_contenant(date(2027, 7, 3), calendrier) == 2026
    assert d.annee_contenant(date(2027, 7, 4), calendrier) is None


def test_le_tri_se_refait_ailleurs_et_dans_un_autre_ordre() -> None:
    g = graine("noyau.annuaire", 1, "inscription", ECOLE, 2025)
    assert g == graine("noyau.annuaire", 1, "inscription", ECOLE, 2025)
    tires = {rang for rang in range(10_000) if retenue(g, rang, sur=10)}
    assert tires == {rang for rang in reversed(range(10_000)) if retenue(g, rang, sur=10)}
    assert 850 < len(tires) < 1150
    assert [annee for annee in range(2020, 2031) if annee_temoin(annee)] == [2020, 2025, 2030]


# --- Les jumelles ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def base_commune(fabrique_bases: Fabrique) -> Iterator[BaseDeDonnees]:
    adresses = fabrique_bases.migree()
    base = fabrique_bases.ouvrir(adresses.application)
    yield base
    base.fermer()
    fabrique_bases.retirer(adresses)


@pytest.fixture
def session(base_commune: BaseDeDonnees) -> Iterator[Session]:
    with base_commune.session(Portage("essai", role=ROLE_ACADEMIE)) as ouverte:
        ouverte.add(Etablissement(uai=ECOLE, nom="Collège des Essais", degre=2))
        ouverte.flush()
        yield ouverte
        ouverte.rollback()


def regle(table: str, depart: Depart, duree: Duree) -> Regle:
    registre = Registre.reunir(brique.declaration() for brique in charger([]).briques)
    cle = registre.tables[table].info["ent"].traitement
    voulue = replace(
        registre.traitements[cle], conservation=Conservation(depart, duree, Sort.SUPPRIMER, Copie("x"))
    )
    tables = MappingProxyType({table: registre.tables[table]})
    trouvee = Regles.du(Registre(MappingProxyType({cle: voulue}), tables, MappingProxyType({}))).de(table)
    assert trouvee is not None
    assert trouvee.defaut is None
    return trouvee


def dates(session: Session, voulue: Regle) -> list[tuple[object, ...]]:
    """Départ, échéance et période de chaque ligne, calculés par la base."""
    alias = voulue.table.alias("t")
    calcul = calculer(voulue, alias, JOUR)
    source: FromClause = alias
    for table, sur in calcul.jointures:
        source = source.outerjoin(table, sur)
    calcules = (calcul.depart, echeance_sql(calcul, voulue.duree), periode_sql(voulue, alias, calcul))
    rang = alias.c[list(voulue.table.primary_key.columns)[-1].name]
    return [tuple(r) for r in session.execute(select(*calcules).select_from(source).order_by(rang))]


@_SANS
@given(st.lists(st.tuples(jours, durees), min_size=1, max_size=30))
def test_ajouter_dit_comme_la_base(session: Session, couples: list[tuple[date, Duree]]) -> None:
    enonce = select(*(ajouter_sql(cast(literal(j), Date), duree) for j, duree in couples))
    assert list(session.execute(enonce).one()) == [d.ajouter(j, duree) for j, duree in couples]


@_SANS
@given(
    st.lists(instants_utc, min_size=1),
    durees,
)
def test_un_fait_date_dit_comme_la_base(session: Session, instants: list[datetime], duree: Duree) -> None:
    with session.begin_nested() as point:
        ids = sorted(uuid4() for _ in instants)
        for rang, instant in zip(ids, instants, strict=True):
            session.add(ActeJournal(id=rang, instant=instant, acte="essai.fait"))
        session.flush()
        voulue = regle("acte_journal", Depart.CREATION, duree)
        attendus = []
        for instant in instants:
            depart = d.fait_date(instant)
            attendus.append((depart, d.echeance(depart, duree), d.periode(depart)))
        assert dates(session, voulue) == attendus
        point.rollback()


@_SANS
@given(
    st.dictionaries(st.integers(2020, 2030), st.integers(1, 60), max_size=8),
    st.lists(st.integers(2020, 2030), min_size=1, max_size=8, unique=True),
    st.integers(0, 3),
    st.builds(Duree, mois=st.integers(0, 30), jours=st.integers(0, 40)),
)
def test_la_fin_de_l_annee_dit_comme_la_base(
    session: Session, annees: dict[int, int], lignes: list[int], ecart: int, duree: Duree
) -> None:
    calendrier = {a: (date(a, 9, 1), date(a + 1, 6, 20) + timedelta(days=n)) for a, n in annees.items()}
    with session.begin_nested() as point:
        session.add_all(
            AnneeScolaire(uai=ECOLE, annee=a, debut=v[0], fin=v[1]) for a, v in calendrier.items()
        )
        personne = Personne(nom="Essai")
        session.add(personne)
        session.flush()
        ids = sorted(uuid4() for _ in lignes)
        for identifiant, annee in zip(ids, lignes, strict=True):
            division = Division(uai=ECOLE, annee=annee, code="5A", libelle="5A", mefs=[])
            session.add(division)
            session.flush()
            session.add(
                Inscription(
                    id=identifiant, uai=ECOLE, annee=annee, personne_id=personne.id,
                    division_id=division.id, debut=date(annee, 9, 1),
                )
            )  # fmt: skip
        session.flush()
        voulue = regle("inscription", Depart.FIN_ANNEE_SCOLAIRE, replace(duree, annees=ecart))
        attendus = []
        for annee in lignes:
            depart = d.fin_annee_scolaire(annee, ecart, calendrier)
            attendus.append((depart, d.echeance(depart, duree), d.periode(depart, annee)))
        assert dates(session, voulue) == attendus
        point.rollback()


@_SANS
@given(
    st.lists(
        st.tuples(st.one_of(st.none(), jours), st.one_of(st.none(), jours), st.integers(0, 120)),
        min_size=1,
        max_size=6,
    ),
    durees,
)
def test_la_perte_de_vocation_dit_comme_la_base(
    session: Session, liens: list[tuple[date | None, date | None, int]], duree: Duree
) -> None:
    with session.begin_nested() as point:
        attendus, seules = [], []
        for rang, (eleve, responsable, delai) in enumerate(liens):
            terme = eleve + timedelta(days=delai) if eleve and delai % 2 else None
            gens = [
                Personne(id=UUID(int=2 * rang + 1), nom="É", sursis_depuis=eleve, suppression_le=terme),
                Personne(id=UUID(int=2 * rang + 2), nom="R", sursis_depuis=responsable),
            ]
            session.add_all(gens)
            session.flush()
            session.add(
                Responsabilite(
                    id=UUID(int=rang + 1), eleve_id=gens[0].id, responsable_id=gens[1].id, lien="10", legal=1,
                    financier=False, contact=True, paiement=False, source="essai", debut=date(2020, 1, 1),
                )
            )  # fmt: skip
            commun = d.perte_de_vocation([eleve, responsable])
            attendus.append((commun, d.echeance(commun, duree), d.periode(commun)))
            seules += [(eleve, d.echeance(eleve, duree, terme), d.periode(eleve))]
            seules += [(responsable, d.echeance(responsable, duree), d.periode(responsable))]
        session.flush()
        assert dates(session, regle("responsabilite", Depart.PERTE_DE_VOCATION, duree)) == attendus
        assert dates(session, regle("personne", Depart.PERTE_DE_VOCATION, duree)) == seules
        point.rollback()


@_SANS
@given(st.lists(st.lists(st.one_of(st.none(), jours), max_size=4), min_size=1, max_size=5), durees)
def test_la_sortie_de_l_etablissement_dit_comme_la_base(
    session: Session, gens: list[list[date | None]], duree: Duree
) -> None:
    with session.begin_nested() as point:
        attendus = []
        for rang, fins in enumerate(gens):
            personne = Personne(id=UUID(int=rang + 1), nom="Essai")
            session.add(personne)
            session.flush()
            session.add(Scolarite(uai=ECOLE, annee=2026, personne_id=personne.id))
            session.add_all(
                Rattachement(
                    uai=ECOLE, personne_id=personne.id, profil=f"P{n}", source="essai",
                    debut=date(2019, 1, 1), fin=fin,
                )
                for n, fin in enumerate(fins)
            )  # fmt: skip
            depart = d.sortie_etablissement(fins, JOUR)
            attendus.append((depart, d.echeance(depart, duree), d.periode(depart, 2026)))
        session.flush()
        assert dates(session, regle("scolarite", Depart.SORTIE_ETABLISSEMENT, duree)) == attendus
        assert session.scalar(select(func.count()).select_from(Scolarite)) == len(gens)
        point.rollback()
