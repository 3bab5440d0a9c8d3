"""La chaîne résiste à qui peut tout écrire dans la base : quatre attaques, quatre détectées."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, text

from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.annuaire import peupler
from ent_core.essais.base import AdressesBase, Fabrique
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.vie_privee.conservation.modeles import Preuve
from ent_core.vie_privee.conservation.preuve import ORIGINE, Tetes, _empreinte, verifier
from tests.vie_privee.conservation_essais import Moteur, a_midi, faire_partir


@pytest.fixture(scope="module")
def adresses(fabrique_bases: Fabrique) -> AdressesBase:
    """Une base où deux exécutions ont eu lieu ; chaque essai la falsifie, puis tout est annulé."""
    return fabrique_bases.migree()


@pytest.fixture(scope="module")
def tetes(adresses: AdressesBase, tmp_path_factory: pytest.TempPathFactory) -> Tetes:
    base, dossier = BaseDeDonnees(adresses.application), tmp_path_factory.mktemp("tetes")
    with base.academie("essai") as session:
        annuaire = peupler(session)
    moteur = Moteur.monter(base, HorlogeFixe(), Path(dossier), annuaire)
    for rang, role in enumerate(("camarade", "eleve")):
        faire_partir(base, [annuaire[role], annuaire[f"{role}_autre"]], date(2026, 9, 8))
        moteur.horloge.instant = a_midi(date(2026, 11, 10) + timedelta(days=40 * rang))
        moteur.tout()
    base.fermer()
    return moteur.tetes


def constats(adresses: AdressesBase, tetes: Tetes, *ordres: str, recalculer: bool = False) -> list[str]:
    """Falsifie avec le compte propriétaire, vérifie, annule."""
    moteur = create_engine(adresses.proprietaire)
    base = BaseDeDonnees(adresses.application)
    with moteur.connect() as connexion:
        for ordre in ("alter table conservation_preuve disable row level security", *ordres):
            connexion.execute(text(ordre))
        if recalculer:
            rechainer(base, connexion)
        base.lier(connexion)
        with base.academie("essai : vérifier") as session:
            trouvees = [f"{a.code} {a.message}" for a in verifier(session, tetes.lire())]
        connexion.rollback()
    moteur.dispose()
    base.fermer()
    return trouvees


def rechainer(base: BaseDeDonnees, connexion: Connection) -> None:
    """Récrit toute la chaîne, empreintes comprises : elle redevient cohérente avec elle-même."""
    base.lier(connexion)
    changees, precedente = [], ORIGINE
    with base.academie("essai") as session:
        for preuve in session.query(Preuve).order_by(Preuve.numero):
            preuve.precedente, avant = precedente, precedente
            precedente = _empreinte(preuve)
            changees.append({"numero": preuve.numero, "avant": avant, "elle": precedente})
            session.expunge(preuve)
    connexion.execute(text("reset role"))
    ordre = "update conservation_preuve set precedente = :avant, empreinte = :elle where numero = :numero"
    connexion.execute(text(ordre), changees)


def test_une_chaine_intacte_ne_donne_aucun_constat(adresses: AdressesBase, tetes: Tetes) -> None:
    assert constats(adresses, tetes) == []
    assert len({json.dumps(tete.numero) for tete in tetes.lire()}) == 2


def test_couper_la_fin_se_voit(adresses: AdressesBase, tetes: Tetes) -> None:
    coupee = "delete from conservation_preuve where numero = (select max(numero) from conservation_preuve)"
    assert any("fin coupée" in dit for dit in constats(adresses, tetes, coupee))


def test_vider_une_empreinte_est_impossible(adresses: AdressesBase, tetes: Tetes) -> None:
    videe = (
        "alter table conservation_preuve alter empreinte drop not null",
        "update conservation_preuve set empreinte = repeat(' ', 64) where numero = 2",
    )
    assert any("son contenu n'est plus" in dit for dit in constats(adresses, tetes, *videe))


def test_recrire_une_entree_se_voit(adresses: AdressesBase, tetes: Tetes) -> None:
    recrite = "update conservation_preuve set nombre = nombre + 1 where numero = 1"
    assert any("son contenu n'est plus" in dit for dit in constats(adresses, tetes, recrite))


def test_recrire_toute_la_chaine_se_voit_hors_de_la_base(adresses: AdressesBase, tetes: Tetes) -> None:
    recrite = "update conservation_preuve set regle = 'noyau.autre'"
    dits = constats(adresses, tetes, recrite, recalculer=True)
    assert any("chaîne récrite" in dit for dit in dits)
    assert not any("son contenu n'est plus" in dit for dit in dits), "seule la tête exportée la dénonce"


def test_changer_l_ordre_se_voit(adresses: AdressesBase, tetes: Tetes) -> None:
    echangees = (
        "update conservation_preuve set numero = 1001 where numero = 1",
        "update conservation_preuve set numero = 1 where numero = 2",
        "update conservation_preuve set numero = 2 where numero = 1001",
    )
    assert any("ne suit pas" in dit for dit in constats(adresses, tetes, *echangees))


def test_oter_une_entree_du_milieu_se_voit(adresses: AdressesBase, tetes: Tetes) -> None:
    otee = "delete from conservation_preuve where numero = 2"
    dits = constats(adresses, tetes, otee)
    assert any("la suite des numéros est rompue" in dit for dit in dits)


def test_les_nombres_sont_ceux_des_plans(adresses: AdressesBase, tetes: Tetes) -> None:
    menti = (
        "alter table conservation_ligne disable row level security",
        "update conservation_ligne set echues = 0",
    )
    assert any(dit.startswith("CONSERV-022") for dit in constats(adresses, tetes, *menti))
