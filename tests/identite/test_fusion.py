"""Deux fiches d'une même personne n'en font plus qu'une : rien ne se perd, et rien n'est deviné."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from types import ModuleType
from typing import Any
from uuid import UUID, uuid4

import pytest
from click.testing import CliRunner
from sqlalchemy import Uuid, column, create_engine, func, insert, select, table
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from ent_core.brique import Bilan
from ent_core.chargement.fusion import FusionComplete, fusionner
from ent_core.cli import ent
from ent_core.essais.annuaire import ANNEE, AUTRE, ECOLE, RENTREE
from ent_core.essais.instance import FabriqueInstance, InstanceEssai, faux_brique
from ent_core.essais.serveur import Serveur
from ent_core.identite.fusion import SortDesComptes
from ent_core.identite.modeles import (
    ActeJournal,
    Compte,
    Creneau,
    CreneauEnseignant,
    Identifiant,
    Inscription,
    Personne,
    Rattachement,
    Responsabilite,
    Restriction,
    Scolarite,
    Service,
    SessionWeb,
)
from ent_core.roles.modeles import RoleLocal
from ent_core.socle.calendrier import FUSEAU
from ent_core.socle.erreurs import Introuvable, OperationRefusee

OCTOBRE, NOVEMBRE = date(2026, 10, 1), date(2026, 11, 1)


CARTE = table("partie_carte", column("personne_id", Uuid))


@pytest.fixture
def instance(application_avec: FabriqueInstance) -> InstanceEssai:
    return application_avec()


@pytest.fixture
def carte(instance: InstanceEssai, serveur: Serveur) -> Callable[..., None]:
    """Une table d'une brique partie, qui nomme ces personnes ; une clé, si chacune n'y est qu'une fois."""

    def creer(*personnes: UUID, cle: str = "", droits: str = "select, update") -> None:
        adresse = make_url(serveur.url).set(
            drivername="postgresql+psycopg", database=instance.base.url.database
        )
        moteur = create_engine(adresse, poolclass=NullPool)
        with moteur.begin() as connexion:
            connexion.exec_driver_sql(
                f"create table partie_carte (personne_id uuid {cle} references personne on delete cascade)"
            )
            connexion.exec_driver_sql(f"grant {droits} on partie_carte to ent_academie")
            connexion.execute(insert(CARTE), [{"personne_id": qui} for qui in personnes])

    return creer


def fondre(instance: InstanceEssai, garde: UUID, absorbee: UUID) -> FusionComplete:
    with instance.base.academie("essai : fusion") as session:
        return fusionner(session, instance.horloge, instance.ent.relais, garde=garde, absorbee=absorbee)


def nouvelle(instance: InstanceEssai, **champs: Any) -> UUID:
    with instance.base.academie("essai") as session:
        fiche = Personne(**{"nom": "Double", "prenom": "Camille", **champs})
        session.add(fiche)
        session.flush()
        return fiche.id


def ajouter(instance: InstanceEssai, *lignes: Any) -> None:
    with instance.base.academie("essai") as session:
        for ligne in lignes:
            session.add(ligne)
            session.flush()


def lire(instance: InstanceEssai, enonce: Any) -> list[Any]:
    with instance.base.academie("essai") as session:
        return list(session.scalars(enonce))


def refuser(instance: InstanceEssai, garde: UUID, absorbee: UUID, motif: str) -> None:
    avant = lire(instance, select(func.count()).select_from(Personne))
    with pytest.raises(OperationRefusee, match=motif) as refus:
        fondre(instance, garde, absorbee)
    assert refus.value.remede
    assert "Double" not in str(refus.value), "jamais de nom dans une erreur"
    assert lire(instance, select(func.count()).select_from(Personne)) == avant


# --- Ce qui passe --------------------------------------------------------------------------------


def test_une_fiche_locale_rejoint_celle_de_l_annuaire(
    instance: InstanceEssai, carte: Callable[..., None]
) -> None:
    garde = instance.annuaire["enseignant"]
    locale = nouvelle(instance, courriel="c@exemple.invalid", ville="Dole")
    ajouter(
        instance,
        Identifiant(source="AAF:099", type="ENTPersonJointure", valeur="1", personne_id=garde),
        Identifiant(source="TABLEUR:0991002B", type="IDENTIFIANT", valeur="X1", personne_id=locale),
        Rattachement(
            uai=AUTRE,
            personne_id=locale,
            profil="National_ENS",
            fonction="ENS",
            source="liste",
            debut=RENTREE,
        ),
        RoleLocal(uai=AUTRE, personne_id=locale, role="administrateur_fonctionnel", debut=RENTREE),
    )
    carte(locale, garde)
    faite = fondre(instance, garde, locale)
    assert faite.noyau.lignes == {"identifiant": 1, "partie_carte": 1, "rattachement": 1, "role_local": 1}
    assert lire(instance, select(Personne.id).where(Personne.id == locale)) == []
    assert lire(instance, select(CARTE.c.personne_id)) == [garde, garde]
    assert sorted(lire(instance, select(Rattachement.uai).where(Rattachement.personne_id == garde))) == [
        ECOLE, AUTRE
    ]  # fmt: skip
    fiche = lire(instance, select(Personne).where(Personne.id == garde))[0]
    assert (fiche.courriel, fiche.ville) == ("c@exemple.invalid", "Dole"), "ce qui manquait est complété"
    assert fiche.nom == "Essai Enseignant", "ce qui y était reste"


def test_la_fusion_est_consignee_sans_nom(instance: InstanceEssai) -> None:
    garde, autre = instance.annuaire["enseignant"], nouvelle(instance)
    fondre(instance, garde, autre)
    (acte,) = lire(instance, select(ActeJournal).where(ActeJournal.acte == "personne.fusionnee"))
    assert (acte.objet, acte.details["absorbee"]) == (str(garde), str(autre))
    assert "Double" not in json.dumps(acte.details)


def test_ce_que_les_deux_fiches_disent_n_est_pas_double(instance: InstanceEssai) -> None:
    garde, autre = instance.annuaire["enseignant"], nouvelle(instance)
    division = instance.annuaire.divisions[ECOLE]
    debut = instance.horloge.maintenant().astimezone(FUSEAU)
    with instance.base.academie("essai") as session:
        creneau = Creneau(
            uai=ECOLE, annee=ANNEE, debut=debut, fin=debut.replace(hour=23), division_id=division
        )
        session.add(creneau)
        session.flush()
        for qui in (garde, autre):
            session.add(CreneauEnseignant(uai=ECOLE, annee=ANNEE, creneau_id=creneau.id, personne_id=qui))
        session.add(
            Rattachement(
                uai=ECOLE, personne_id=autre, profil="National_ENS", fonction="ENS", source="liste",
                debut=RENTREE, fin=OCTOBRE,
            )
        )  # fmt: skip
        session.add(
            Service(
                uai=ECOLE, annee=ANNEE, personne_id=autre, matiere="061300", division_id=division,
                source="liste", debut=RENTREE,
            )
        )  # fmt: skip
    fondre(instance, garde, autre)
    for modele in (CreneauEnseignant, Rattachement, Service):
        assert len(lire(instance, select(modele).where(modele.personne_id == garde))) == 1, modele
    (lien,) = lire(instance, select(Rattachement).where(Rattachement.personne_id == garde))
    assert lien.fin is None, "la plus longue des deux durées"


def test_un_eleve_n_est_pas_deux_fois_dans_sa_division(instance: InstanceEssai) -> None:
    garde, autre = instance.annuaire["eleve"], nouvelle(instance)
    division = instance.annuaire.divisions[ECOLE]
    commun = {"uai": ECOLE, "annee": ANNEE}
    ajouter(
        instance,
        Scolarite(**commun, personne_id=garde, regime="EXTERNE"),
        Scolarite(**commun, personne_id=autre, regime="DEMI-PENSIONNAIRE"),
        Inscription(**commun, personne_id=autre, division_id=division, debut=OCTOBRE, fin=NOVEMBRE),
    )
    fondre(instance, garde, autre)
    (inscription,) = lire(instance, select(Inscription).where(Inscription.personne_id == garde))
    assert (inscription.debut, inscription.fin) == (RENTREE, None)
    assert lire(instance, select(Scolarite.regime).where(Scolarite.personne_id == garde)) == ["EXTERNE"]


@pytest.mark.exigence("ENT-10")
def test_une_restriction_suit_le_seul_lien_qui_reste(instance: InstanceEssai) -> None:
    eleve, garde, autre = instance.annuaire["eleve"], instance.annuaire["parent"], nouvelle(instance)
    lien = Responsabilite(
        eleve_id=eleve, responsable_id=autre, lien="10", legal=1, financier=False, contact=True,
        paiement=False, source="liste", debut=OCTOBRE,
    )  # fmt: skip
    ajouter(instance, lien)
    ajouter(instance, Restriction(responsabilite_id=lien.id, reference="JAF 26/123", debut=OCTOBRE))
    fondre(instance, garde, autre)
    (reste,) = lire(instance, select(Responsabilite).where(Responsabilite.responsable_id == garde))
    assert lire(instance, select(Restriction.responsabilite_id)) == [reste.id]


def test_un_droit_fini_ne_revient_pas_avec_le_lien_de_l_autre_fiche(instance: InstanceEssai) -> None:
    eleve, garde, autre = instance.annuaire["camarade"], nouvelle(instance), nouvelle(instance)
    commun: dict[str, Any] = {
        "eleve_id": eleve, "lien": "10", "financier": False, "contact": True, "paiement": False,
    }  # fmt: skip
    ajouter(
        instance,
        Responsabilite(
            responsable_id=garde, legal=1, source="ancienne", debut=OCTOBRE - timedelta(days=30), fin=OCTOBRE,
            **commun,
        ),
        Responsabilite(responsable_id=autre, legal=0, source="nouvelle", debut=OCTOBRE, **commun),
    )  # fmt: skip
    fondre(instance, garde, autre)
    (reste,) = lire(instance, select(Responsabilite).where(Responsabilite.responsable_id == garde))
    assert (reste.legal, reste.fin, reste.source) == (0, None, "nouvelle")


# --- Comptes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sien", "autre", "sort", "reste", "etat"),
    [
        (None, None, SortDesComptes.AUCUN, None, None),
        ("actif", None, SortDesComptes.INCHANGE, "garde", "actif"),
        (None, "actif", SortDesComptes.REPORTE, "autre", "actif"),
        ("actif", "actif", SortDesComptes.LE_SIEN, "garde", "actif"),
        ("a_activer", "actif", SortDesComptes.L_AUTRE, "autre", "actif"),
        ("a_activer", "a_activer", SortDesComptes.LE_SIEN, "garde", "a_activer"),
        ("actif", "suspendu", SortDesComptes.LE_SIEN, "garde", "suspendu"),
        ("suspendu", "actif", SortDesComptes.LE_SIEN, "garde", "suspendu"),
    ],
)
def test_un_seul_compte_reste(
    instance: InstanceEssai, sien: str | None, autre: str | None, sort: SortDesComptes, reste: str | None,
    etat: str | None,
) -> None:  # fmt: skip
    garde, absorbee = nouvelle(instance), nouvelle(instance)
    for qui, nom, voulu in ((garde, "garde", sien), (absorbee, "autre", autre)):
        if voulu:
            secret = None if voulu == "a_activer" else "empreinte"
            ajouter(instance, Compte(personne_id=qui, identifiant=nom, etat=voulu, empreinte=secret))
    faite = fondre(instance, garde, absorbee).noyau
    assert (faite.compte, faite.identifiant) == (sort, reste)
    comptes = lire(instance, select(Compte))
    assert [(c.personne_id, c.identifiant, c.etat) for c in comptes] == (
        [(garde, reste, etat)] if reste else []
    )


def test_toutes_les_sessions_se_ferment(instance: InstanceEssai) -> None:
    client = instance.client("enseignant")
    assert client.get("/").status_code == 200
    faite = fondre(instance, instance.annuaire["enseignant"], nouvelle(instance)).noyau
    assert faite.sessions == 1
    assert lire(instance, select(SessionWeb.id)) == []
    assert client.get("/").status_code == 302


# --- Ce qui est refusé ---------------------------------------------------------------------------


def test_la_meme_fiche_ou_une_fiche_inconnue(instance: InstanceEssai) -> None:
    eleve = instance.annuaire["eleve"]
    refuser(instance, eleve, eleve, "deux fois la même fiche")
    with pytest.raises(Introuvable) as inconnue:
        fondre(instance, eleve, absente := uuid4())
    assert inconnue.value.lieu == str(absente)


@pytest.mark.parametrize(
    ("premier", "second"),
    [
        (("AAF:099", "INE", "120000001AA"), ("TABLEUR:0991001A", "INE", "120000002BB")),
        (("AAF:099", "ENTPersonJointure", "1"), ("AAF:099", "ENTPersonJointure", "2")),
    ],
)
def test_deux_identifiants_differents_d_un_meme_systeme(
    instance: InstanceEssai, premier: tuple[str, str, str], second: tuple[str, str, str]
) -> None:
    garde, autre = nouvelle(instance), nouvelle(instance)
    for qui, (source, genre, valeur) in ((garde, premier), (autre, second)):
        ajouter(instance, Identifiant(source=source, type=genre, valeur=valeur, personne_id=qui))
    refuser(instance, garde, autre, f"deux « {premier[1]} » différents")


def test_deux_systemes_peuvent_donner_chacun_le_leur(instance: InstanceEssai) -> None:
    garde, autre = nouvelle(instance), nouvelle(instance)
    for qui, source in ((garde, "AAF:099"), (autre, "AAF:098")):
        ajouter(instance, Identifiant(source=source, type="ENTPersonJointure", valeur="7", personne_id=qui))
    assert fondre(instance, garde, autre).noyau.lignes == {"identifiant": 1}


def test_deux_dates_de_naissance_un_sursis_un_lien_de_famille(instance: InstanceEssai) -> None:
    ne = nouvelle(instance, naissance=date(2012, 1, 1))
    refuser(instance, ne, nouvelle(instance, naissance=date(2012, 1, 2)), "dates de naissance")
    parti = nouvelle(instance, sursis_depuis=RENTREE, suppression_le=NOVEMBRE)
    refuser(instance, ne, parti, "en sursis")
    refuser(instance, parti, ne, "en sursis")
    refuser(instance, instance.annuaire["parent"], instance.annuaire["eleve"], "l'une répond de l'autre")


def test_une_table_ou_les_deux_fiches_se_contredisent(
    instance: InstanceEssai, carte: Callable[..., None]
) -> None:
    garde, autre = nouvelle(instance), nouvelle(instance)
    carte(garde, autre, cle="primary key")
    refuser(instance, garde, autre, "« partie_carte » n'admet pas les lignes des deux")


def test_une_table_que_l_on_ne_modifie_pas_arrete_plutot_que_de_perdre(
    instance: InstanceEssai, carte: Callable[..., None]
) -> None:
    garde, autre = nouvelle(instance), nouvelle(instance)
    carte(autre, droits="select")
    refuser(instance, garde, autre, "« partie_carte » ne se modifie pas")


# --- Briques -------------------------------------------------------------------------------------


def temoin(vus: list[tuple[UUID, UUID, int]], refus: str | None = None) -> ModuleType:
    def ent_fusionner_personnes(session: Session, gardee: UUID, absorbee: UUID) -> Bilan:
        presentes = session.scalars(select(Personne.id).where(Personne.id.in_([gardee, absorbee]))).all()
        vus.append((gardee, absorbee, len(presentes)))
        return Bilan({"cartes": 2}, refus)

    return faux_brique("temoin", ent_fusionner_personnes=ent_fusionner_personnes)


def test_chaque_brique_chargee_reporte_elle_meme_meme_fermee(application_avec: FabriqueInstance) -> None:
    vus: list[tuple[UUID, UUID, int]] = []
    instance = application_avec(temoin(vus), ouvertes=False)
    garde, autre = nouvelle(instance), nouvelle(instance)
    faite = fondre(instance, garde, autre)
    assert vus == [(garde, autre, 2)], "les deux fiches sont encore là"
    assert faite.briques == {"temoin": Bilan({"cartes": 2})}


def test_une_brique_qui_refuse_annule_tout(application_avec: FabriqueInstance) -> None:
    instance = application_avec(temoin([], "un bulletin est en cours de signature."), ouvertes=False)
    refuser(instance, nouvelle(instance), nouvelle(instance), "un bulletin est en cours de signature")


# --- Commande ------------------------------------------------------------------------------------


def test_la_commande_simule_puis_fusionne(instance: InstanceEssai, monkeypatch: pytest.MonkeyPatch) -> None:
    garde, autre = instance.annuaire["enseignant"], nouvelle(instance)
    ajouter(instance, Compte(personne_id=autre, identifiant="camille.double"))
    monkeypatch.setenv("ENT_BASE", instance.base.url.render_as_string(hide_password=False))

    def lancer(*options: str) -> str:
        fini = CliRunner().invoke(ent, ["personne", "fusionner", str(garde), str(autre), *options])
        assert fini.exit_code == 0, fini.output
        return fini.output

    dit = lancer("--simulation")
    assert "Simulation : rien n'est changé." in dit
    assert "Camille Double" in dit
    assert "Identifiant de connexion : camille.double" in dit
    assert len(lire(instance, select(Personne.id).where(Personne.id == autre))) == 1
    rendu = json.loads(lancer("--json"))
    assert (rendu["simulation"], rendu["compte"], rendu["lignes"]) == (False, "reporte", {"compte": 1})
    assert lire(instance, select(Compte.personne_id)) == [garde]
