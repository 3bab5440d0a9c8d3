"""Ce qui n'est pas déclaré, ou mal, empêche de démarrer ; tout est dit d'un coup, avec le remède."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pluggy
import pytest
from flask import Blueprint
from sqlalchemy import Date, Index, Text, create_engine
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.pool import NullPool

from ent_core.brique import (
    Base,
    BaseLegale,
    BlueprintBrique,
    Categorie,
    Cloisonne,
    Conservation,
    Depart,
    Destinataire,
    Duree,
    FinaliteEnt,
    Manifeste,
    Permission,
    Population,
    Portee,
    Role,
    Sort,
    Sujet,
    Texte,
    Traitement,
    donnee,
    exige,
    neutre,
    par_etablissement,
    vers_personne,
)
from ent_core.chargement.decouverte import charger
from ent_core.chargement.verification import verifier_declarations
from ent_core.contrat.resultats import Niveau
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.application import assembler, configuration_essai
from ent_core.essais.base import AdressesBase, Fabrique
from ent_core.essais.instance import FabriqueInstance, faux_brique
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.socle.configuration import Briques, Configuration
from ent_core.socle.erreurs import AnomaliesTrouvees

SUIVI = Traitement(
    cle="suivi.notes",
    version=1,
    intitule="Suivi",
    finalite="Suivre.",
    finalite_ent=FinaliteEnt.VIE_SCOLAIRE,
    base=BaseLegale.MISSION_INTERET_PUBLIC,
    textes=("code de l'éducation",),
    personnes=frozenset({Population.ELEVE}),
    destinataires=(Destinataire(Role.CPE, Portee.ETABLISSEMENT),),
    conservation=Conservation(
        Depart.CREATION, Duree(mois=1), Sort.SUPPRIMER, autorite=Texte("code de l'éducation")
    ),
)


class Note(Cloisonne, Base):
    """Une table dont une colonne a échappé aux déclarations."""

    __tablename__ = "suivi_note"
    __traitement__ = "suivi.notes"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("eleve_id"),)
    __depart__ = "cree_le"

    eleve_id: Mapped[UUID] = vers_personne()
    cree_le: Mapped[date] = neutre("jour de la note", Date)
    texte: Mapped[str] = donnee(Categorie.VIE_SCOLAIRE, Text, libre=True)
    humeur: Mapped[str] = mapped_column(Text)

    __table_args__ = (Index(None, "eleve_id"),)


Demarrer = Callable[..., Sequence[str]]


@pytest.fixture
def refus(application_avec: FabriqueInstance) -> Demarrer:
    """Rend ce qui empêche de démarrer avec ces briques."""

    def demarrer(*briques: Any, **reglages: Any) -> Sequence[str]:
        with pytest.raises(AnomaliesTrouvees) as leve:
            application_avec(*briques, configuration=configuration_essai(**reglages))
        return [str(anomalie) for anomalie in leve.value.anomalies]

    return demarrer


@pytest.mark.exigence("ENT-05")
def test_une_colonne_non_declaree_dans_le_code_arrete_le_demarrage(refus: Demarrer) -> None:
    (message,) = refus(faux_brique("suivi", ent_modeles=lambda: (Note,), ent_traitements=lambda: (SUIVI,)))
    assert "DONNEE-020" in message
    assert "table suivi_note, colonne humeur" in message
    assert "donnee(catégorie, …) ou neutre(motif, …)" in message


@pytest.mark.exigence("ENT-05")
@pytest.mark.parametrize(
    ("ordre", "lieu", "remede"),
    [
        ("alter table personne add column religion text", "table personne, colonne religion", "donnee(…)"),
        ("create table fichier_cache (nom text)", "table fichier_cache", "par une migration"),
    ],
)
def test_une_colonne_ajoutee_dans_la_base_arrete_le_demarrage(
    fabrique_bases: Fabrique, horloge: HorlogeFixe, ordre: str, lieu: str, remede: str
) -> None:
    adresses = fabrique_bases.migree()
    _ordonner(adresses, ordre)
    base = BaseDeDonnees(adresses.application)
    with pytest.raises(AnomaliesTrouvees) as leve:
        assembler(base, horloge)
    base.fermer()
    fabrique_bases.retirer(adresses)
    (anomalie,) = leve.value.anomalies
    assert anomalie.lieu == lieu
    assert "sans être déclarée" in anomalie.message
    assert remede in anomalie.remede


def _ordonner(adresses: AdressesBase, ordre: str) -> None:
    moteur = create_engine(adresses.proprietaire, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with moteur.connect() as connexion:
        connexion.exec_driver_sql(ordre)


def test_une_brique_demandee_et_absente_arrete_le_demarrage(refus: Demarrer) -> None:
    (message,) = refus(briques=Briques(chargees=("fanfare",)))
    assert "BRIQUE-001" in message
    assert "ent-fanfare" in message


def test_un_crochet_inconnu_est_refuse(refus: Demarrer) -> None:
    (message,) = refus(faux_brique("suivi", ent_navigasion=lambda: ()))
    assert "BRIQUE-003" in message
    assert "ent_navigasion" in message


def test_un_argument_inconnu_est_refuse(refus: Demarrer) -> None:
    (message,) = refus(faux_brique("suivi", ent_navigation=lambda utilisateur: ()))
    assert "BRIQUE-003" in message
    assert "utilisateur" in message


@pytest.mark.parametrize(
    "options",
    [
        {"wrapper": True},
        {"hookwrapper": True},
        {"tryfirst": True},
        {"trylast": True},
        {"specname": "ent_taches"},
    ],
    ids=str,
)
def test_une_brique_ne_peut_ni_envelopper_ni_passer_devant(refus: Demarrer, options: dict[str, Any]) -> None:
    brique = faux_brique("suivi")
    generateur = options.get("wrapper") or options.get("hookwrapper")

    def enveloppe() -> Any:
        return (yield)

    fonction = enveloppe if generateur else lambda: ()
    brique.ent_permissions = pluggy.HookimplMarker("ent")(**options)(fonction)  # type: ignore[attr-defined]  # module composé
    messages = refus(brique)
    assert any("BRIQUE-004" in message for message in messages), messages


def test_une_declaration_qui_echoue_est_nommee(refus: Demarrer) -> None:
    def echouer() -> Any:
        raise RuntimeError("fichier absent")

    (message,) = refus(faux_brique("suivi", ent_permissions=echouer))
    assert "crochet ent_permissions" in message
    assert "fichier absent" in message


def test_un_identifiant_different_du_point_d_entree_est_refuse() -> None:
    brique = faux_brique(
        "suivi", ent_manifeste=lambda: Manifeste("autre", "Autre", "1", "Résumé.", contrat=9)
    )
    assert [a.code for a in charger([], {"suivi": brique}).anomalies] == ["BRIQUE-007", "BRIQUE-008"]


def test_deux_briques_ne_partagent_pas_une_permission(refus: Demarrer) -> None:
    lire = Permission("suivi.lire", "Lire", {Role.CPE: Portee.ETABLISSEMENT})
    messages = refus(
        faux_brique("suivi", ent_permissions=lambda: (lire,)),
        faux_brique("voisine", ent_permissions=lambda: (lire,)),
    )
    assert {message.split("]")[0] for message in messages} == {"[ROLE-001", "[ROLE-002"}


def test_deux_classes_du_meme_nom_ne_genent_que_la_relation_qui_cite_ce_nom() -> None:
    """SQLAlchemy ne le dirait qu'à la première page, d'une relation qui ne sait plus laquelle prendre."""

    class Page(Cloisonne, Base):
        __module__, __tablename__, __cloisonnement__ = "ent_une", "une_page", par_etablissement()

    premiere = Page

    class Page(Cloisonne, Base):  # type: ignore[no-redef] # c'est la faute
        __module__, __tablename__, __cloisonnement__ = "ent_deux", "deux_page", par_etablissement()

    briques = {
        "une": faux_brique("une", ent_modeles=lambda: (premiere,)),
        "deux": faux_brique("deux", ent_modeles=lambda: (Page,)),
    }
    assert not _homonymes(briques)
    premiere.suite = relationship("Page")
    try:
        (message,) = _homonymes(briques)
    finally:
        del premiere.__mapper__._props["suite"]  # elle arrêterait tous les essais suivants
    assert "brique une, classe Page : la brique deux a déjà une classe de ce nom" in message


def _homonymes(briques: dict[str, Any]) -> list[str]:
    anomalies = verifier_declarations(charger([], briques), configuration_essai())
    return [str(anomalie) for anomalie in anomalies if anomalie.code == "MODELE-001"]


def test_un_role_qui_n_est_pas_destinataire_ne_recoit_aucune_permission(refus: Demarrer) -> None:
    lire = Permission("suivi.lire", "Lire", {Role.CPE: Portee.ETABLISSEMENT, Role.ELEVE: Portee.MOI})
    (message,) = refus(
        faux_brique("suivi", ent_traitements=lambda: (SUIVI,), ent_permissions=lambda: (lire,))
    )
    assert "ROLE-004" in message
    assert "« eleve »" in message


def test_un_role_inconnu_est_refuse(refus: Demarrer) -> None:
    lire = Permission("suivi.lire", "Lire", {"surveillant_general": Portee.ETABLISSEMENT})
    (message,) = refus(faux_brique("suivi", ent_permissions=lambda: (lire,)))
    assert "ROLE-003" in message


def test_une_route_sans_exigence_ou_a_permission_inconnue_arrete_le_demarrage(refus: Demarrer) -> None:
    pages = BlueprintBrique("suivi", __name__)
    pages.get("/ouverte")(lambda: "oubliée")

    @pages.get("/inconnue")
    @exige("suivi.tout")
    def inconnue() -> str:
        return ""

    messages = refus(faux_brique("suivi", ent_routes=lambda: (pages,)))
    assert {message.split("]")[0] for message in messages} == {"[ROUTE-001", "[ROUTE-002"}


def test_une_route_ne_peut_se_soustraire_ni_au_droit_ni_a_la_fermeture(refus: Demarrer) -> None:
    pages, libre = BlueprintBrique("suivi", __name__), Blueprint("libre", __name__, url_prefix="/libre")

    @pages.get("/export")
    @exige("suivi.lire")
    def export_static() -> str:
        return "des noms"

    @libre.get("/")
    @exige("suivi.lire")
    def accueil() -> str:
        return "toujours là"

    lire = Permission("suivi.lire", "Lire", {Role.CPE: Portee.ETABLISSEMENT})
    messages = refus(faux_brique("suivi", ent_permissions=lambda: (lire,), ent_routes=lambda: (pages, libre)))
    assert {message.split("]")[0] for message in messages} == {"[ROUTE-004", "[ROUTE-005"}


def test_toutes_les_anomalies_sont_montrees_d_un_coup(refus: Demarrer) -> None:
    messages = refus(
        faux_brique(
            "suivi",
            ent_modeles=lambda: (Note,),
            ent_traitements=lambda: (SUIVI,),
            ent_permissions=lambda: (Permission("lire", "Lire", {"inconnu": Portee.MOI}),),
        ),
        briques=Briques(chargees=("fanfare",)),
    )
    codes = {message.split("]")[0].removeprefix("[") for message in messages}
    assert codes == {"BRIQUE-001", "DONNEE-020", "ROLE-001", "ROLE-003"}


def test_un_registre_inacheve_s_essaie_mais_ne_s_ouvre_pas_en_production(
    application_avec: FabriqueInstance,
) -> None:
    brouillon = replace(SUIVI, textes=("À COMPLÉTER",))
    brique = faux_brique("suivi", ent_traitements=lambda: (brouillon,))
    application_avec(brique)
    (anomalie,) = verifier_declarations(charger([], {"suivi": brique}), Configuration())
    assert (anomalie.code, anomalie.niveau) == ("MARQUE-002", Niveau.ERREUR)
