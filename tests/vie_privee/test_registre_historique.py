"""L'histoire du registre : chaque déclaration mise en service se relève, et ce qui change se dit."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ent_core.chargement.decouverte import charger
from ent_core.contrat.donnees import (
    Conservation,
    Depart,
    Duree,
    Sort,
    Traitement,
)
from ent_core.donnees.session import BaseDeDonnees
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.vie_privee.empreinte import empreinte
from ent_core.vie_privee.publication.historique import changements, photographier, relever, vigueurs
from ent_core.vie_privee.publication.modeles import VersionDeclaration
from ent_core.vie_privee.registre import Registre

CLE = "noyau.annuaire"


@pytest.fixture
def registre() -> Registre:
    return Registre.reunir(brique.declaration() for brique in charger([]).briques)


def avec(registre: Registre, cle: str = CLE, **valeurs: object) -> Registre:
    """Le même registre, un traitement changé."""
    change: Traitement = replace(registre.traitements[cle], **valeurs)  # type: ignore[arg-type]  # au choix de l'essai
    return replace(registre, traitements={**registre.traitements, cle: change})


def test_rien_de_neuf_ne_releve_rien(session: Session, horloge: HorlogeFixe, registre: Registre) -> None:
    assert relever(session, horloge, registre) == len(registre.traitements)
    assert relever(session, horloge, registre) == 0
    nombre = session.scalar(select(func.count()).select_from(VersionDeclaration))
    assert nombre == len(registre.traitements)


@pytest.mark.exigence("RGPD-REG-03")
def test_une_declaration_changee_ferme_l_ancienne_et_ouvre_la_nouvelle(
    session: Session, horloge: HorlogeFixe, registre: Registre
) -> None:
    presente = registre.traitements[CLE].version
    relever(session, horloge, registre)
    horloge.avancer(timedelta(days=30))
    elargi = avec(
        registre,
        version=presente + 1,
        conservation=Conservation(Depart.PERTE_DE_VOCATION, Duree(mois=6), Sort.SUPPRIMER),
    )
    assert relever(session, horloge, elargi) == 1
    versions = session.scalars(
        select(VersionDeclaration)
        .where(VersionDeclaration.traitement == CLE)
        .order_by(VersionDeclaration.debut)
    ).all()
    assert [(v.version, v.fin == horloge.maintenant()) for v in versions] == [
        (presente, True),
        (presente + 1, False),
    ]
    dernier, premier = changements(session, CLE)
    assert premier.quoi == ("Traitement mis en service.",)
    assert (dernier.version, dernier.quand) == (presente + 1, horloge.maintenant())
    assert dernier.elargit
    assert "Durée de conservation : 6 mois (avant : 3 mois)." in dernier.quoi
    vigueur = vigueurs(session)[CLE]
    assert (vigueur.cree_le.isoformat(), vigueur.modifie_le.isoformat()) == ("2026-09-07", "2026-10-07")


def test_un_traitement_qui_part_puis_revient_se_voit(
    session: Session, horloge: HorlogeFixe, registre: Registre
) -> None:
    sans = replace(
        registre, traitements={cle: t for cle, t in registre.traitements.items() if cle != "noyau.registre"}
    )
    for etape in (registre, sans, registre):
        relever(session, horloge, etape)
        horloge.avancer(timedelta(days=1))
    assert [c.quoi for c in changements(session, "noyau.registre")] == [
        ("Traitement mis en service.",),
        ("Traitement retiré du service.",),
        ("Traitement mis en service.",),
    ]


def test_l_histoire_longue_ne_lit_que_ce_qu_elle_montre(
    session: Session, horloge: HorlogeFixe, registre: Registre
) -> None:
    for seuil in range(5, 12):
        relever(session, horloge, avec(registre, seuil=seuil))
        horloge.avancer(timedelta(days=1))
    derniers = changements(session, CLE, limite=3)
    assert [c.quoi for c in derniers] == [
        (f"Une statistique se montre à partir de {avant + 1} personnes (avant : {avant}).",)
        for avant in (10, 9, 8)
    ]


def test_le_seul_numero_de_version_se_releve_sans_inquieter(
    session: Session, horloge: HorlogeFixe, registre: Registre
) -> None:
    relever(session, horloge, registre)
    horloge.avancer(timedelta(days=1))
    presente = registre.traitements[CLE].version
    assert relever(session, horloge, avec(registre, version=presente + 1)) == 1
    dernier, _ = changements(session, CLE)
    assert (dernier.version, dernier.elargit) == (presente + 1, False)
    assert dernier.quoi == ("Rédaction ou version modifiée, sans effet sur les données.",)


def test_deux_demarrages_ensemble_ne_relevent_qu_une_fois(
    base: BaseDeDonnees, horloge: HorlogeFixe, registre: Registre
) -> None:
    def demarrer(_rang: int) -> int:
        with base.academie("essai : démarrage") as session:
            return relever(session, horloge, registre)

    with ThreadPoolExecutor(2) as fils:
        assert sorted(fils.map(demarrer, range(2))) == [0, len(registre.traitements)]


def test_l_empreinte_ne_depend_pas_de_l_ordre_d_ecriture(registre: Registre) -> None:
    inverse = avec(registre, destinataires=tuple(reversed(registre.traitements[CLE].destinataires)))
    assert empreinte(photographier(inverse)[CLE]) == empreinte(photographier(registre)[CLE])
