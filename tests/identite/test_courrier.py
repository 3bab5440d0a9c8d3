"""Écrire aux familles : un foyer par adresse, les seuls responsables en vigueur, et qui peut le demander."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_core.brique import (
    TELEPHONES_AU_PLUS,
    AccesRefuse,
    Contexte,
    Foyer,
    expediteur,
    foyers,
    telephones,
)
from ent_core.donnees.session import BaseDeDonnees
from ent_core.donnees.sous_portillon import garder
from ent_core.essais.annuaire import ANNEE, AUTRE, ECOLE, Annuaire
from ent_core.essais.instance import compter_enonces
from ent_core.identite.modeles import Etablissement, Personne, Rattachement, Responsabilite, Restriction

JOUR = date(2026, 11, 23)


def qui(annuaire: Annuaire, personne: str, role: str, uai: str = ECOLE) -> Contexte:
    return Contexte(
        compte_id=annuaire[personne], personne_id=annuaire[personne], uai=uai, etablissement_nom="Essai",
        profil="", jour=JOUR, annee=ANNEE, roles=frozenset({role}),
    )  # fmt: skip


def lus(base: BaseDeDonnees, annuaire: Annuaire, eleves: list[UUID]) -> dict[UUID, tuple[Foyer, ...]]:
    with base.ecole(ECOLE, "essai : courrier", annuaire["cpe"]) as session:
        garder(session, "carnet", ("cpe",))
        return foyers(session, qui(annuaire, "cpe", "cpe"), eleves)


@pytest.mark.exigence("FAM-04")
def test_un_foyer_par_adresse_et_rien_de_l_autre(base: BaseDeDonnees, annuaire: Annuaire) -> None:
    eleve = annuaire["eleve"]
    with base.academie("essai : adresses") as session:
        for nom, adresse in (("parent", "1 rue des Lilas"), ("second_parent", "8 quai Vert")):
            personne = session.get_one(Personne, annuaire[nom])
            personne.civilite, personne.adresse = "Mme", adresse
            personne.code_postal, personne.ville, personne.pays = "59000", "Lille", "FRANCE"
    assert [(f.personnes, f.adresse) for f in lus(base, annuaire, [eleve])[eleve]] == [
        (("Mme Camille Essai Parent",), ("1 rue des Lilas", "59000 Lille")),
        (("Mme Camille Essai Second Parent",), ("8 quai Vert", "59000 Lille")),
    ], "deux adresses, deux foyers ; la personne à prévenir (légal 0) n'est pas responsable"

    with base.academie("essai : même adresse") as session:
        session.get_one(Personne, annuaire["second_parent"]).adresse = "1 rue des Lilas"
    (ensemble,) = lus(base, annuaire, [eleve])[eleve]
    assert set(ensemble.ids) == {annuaire["parent"], annuaire["second_parent"]}

    with base.academie("essai : acte de justice") as session:
        lien = session.scalars(
            select(Responsabilite.id).where(Responsabilite.responsable_id == annuaire["second_parent"])
        ).one()
        session.add(Restriction(responsabilite_id=lien, reference="JAF Lille 12/2026", debut=JOUR))
        session.get_one(Personne, eleve).naissance = date(2008, 11, 23)
    majeur, parent = lus(base, annuaire, [eleve])[eleve]
    assert (majeur.eleve, majeur.ids) == (True, (eleve,)), "à dix-huit ans, l'élève est destinataire"
    assert parent.ids == (annuaire["parent"],), "un responsable restreint ne reçoit plus rien"


def test_sans_adresse_chacun_a_sa_lettre_et_une_autre_ecole_n_a_rien(
    base: BaseDeDonnees, annuaire: Annuaire
) -> None:
    eleve, camarade, autre = annuaire["eleve"], annuaire["camarade"], annuaire["eleve_autre"]
    trouves = lus(base, annuaire, [eleve, camarade, autre])
    assert {cle: [f.adresse for f in valeur] for cle, valeur in trouves.items()} == {eleve: [(), ()]}
    with compter_enonces(base) as enonces:
        lus(base, annuaire, [eleve, camarade])
    assert sum("adulte" in enonce for enonce in enonces) == 1


@pytest.mark.exigence("FAM-04")
@pytest.mark.parametrize("role", ["enseignant", "assistant_education", "responsable", "eleve"])
def test_qui_n_ecrit_pas_aux_familles_n_a_pas_leurs_adresses(
    base: BaseDeDonnees, annuaire: Annuaire, role: str
) -> None:
    with (
        base.ecole(ECOLE, "essai : courrier", annuaire["enseignant"]) as session,
        pytest.raises(AccesRefuse, match="réservées"),
    ):
        foyers(session, qui(annuaire, "enseignant", role), [annuaire["eleve"]])


@pytest.mark.exigence("FAM-06")
@pytest.mark.exigence("FAM-07")
def test_on_appelle_les_responsables_dans_l_ordre_et_l_eleve_majeur_d_abord(
    base: BaseDeDonnees, annuaire: Annuaire
) -> None:
    eleve, cpe = annuaire["eleve"], qui(annuaire, "cpe", "cpe")
    with base.academie("essai : numéros") as session:
        session.get_one(Personne, annuaire["second_parent"]).mobile = "0600000002"
        parent = session.get_one(Personne, annuaire["parent"])
        parent.mobile, parent.telephone = "0600000001", "0300000001"
        session.get_one(Personne, annuaire["contact"]).mobile = "0600000009"

    def appeles(*opposes: UUID) -> list[tuple[UUID, tuple[str, ...], bool]]:
        with base.ecole(ECOLE, "essai : appels", annuaire["cpe"]) as session:
            garder(session, "carnet", ("cpe",))
            trouves = telephones(session, cpe, [eleve, annuaire["eleve_autre"]], opposes=opposes)
            assert set(trouves) == {eleve}, "l'élève d'une autre école n'y est pas"
            return [(c.id, c.numeros, c.eleve) for c in trouves[eleve]]

    les_deux = [
        (annuaire["parent"], ("0600000001", "0300000001"), False),
        (annuaire["second_parent"], ("0600000002",), False),
    ]
    assert appeles() == les_deux
    assert appeles(eleve) == les_deux, "mineur, son opposition au service n'ôte pas ses responsables"
    with base.academie("essai : majorité") as session:
        session.get_one(Personne, eleve).naissance = date(2008, 11, 23)
    assert appeles() == [(eleve, (), True), *les_deux]
    assert appeles(eleve) == [(eleve, (), True)], "majeur et opposé : lui seul"
    with base.ecole(ECOLE, "essai : appels", annuaire["enseignant"]) as session:
        with pytest.raises(AccesRefuse, match="réservés"):
            telephones(session, qui(annuaire, "enseignant", "enseignant"), [eleve])
        with pytest.raises(ValueError, match="au plus"):
            telephones(session, cpe, [UUID(int=n) for n in range(TELEPHONES_AU_PLUS + 1)])


@pytest.mark.exigence("FAM-03")
def test_qui_n_a_plus_l_acces_ne_recoit_ni_lettre_ni_appel(base: BaseDeDonnees, annuaire: Annuaire) -> None:
    """Un acte en vigueur, un lien fini : la personne n'est plus jointe, par aucune voie ; l'autre l'est."""
    eleve, cpe = annuaire["eleve"], qui(annuaire, "cpe", "cpe")
    les_deux = {annuaire["parent"], annuaire["second_parent"]}

    def joints() -> set[UUID]:
        with base.ecole(ECOLE, "essai : joindre", annuaire["cpe"]) as session:
            garder(session, "carnet", ("cpe",))
            ecrits = {une for foyer in foyers(session, cpe, [eleve]).get(eleve, ()) for une in foyer.ids}
            appeles = {une.id for une in telephones(session, cpe, [eleve]).get(eleve, ())}
        assert ecrits == appeles, "le courrier et le téléphone joignent les mêmes personnes"
        return ecrits

    def poser(effet: str, debut: date, fin: date | None) -> None:
        with base.academie("essai : acte") as session:
            for ancien in session.scalars(select(Restriction)):
                session.delete(ancien)
            session.add(
                Restriction(
                    responsabilite_id=_lien(session, annuaire).id, reference="JAF Lille", effet=effet,
                    debut=debut, fin=fin,
                )
            )  # fmt: skip

    hier, demain = JOUR - timedelta(days=1), JOUR + timedelta(days=1)
    assert joints() == les_deux, "la personne à prévenir (légal 0) n'y est jamais"
    poser("exercice", hier, None)
    assert joints() == les_deux, "sans l'exercice, il est informé comme l'autre"
    for debut, fin in ((demain, None), (hier - timedelta(days=9), hier)):
        poser("acces", debut, fin)
        assert joints() == les_deux, "un acte à venir, ou fini, n'écarte personne"
    for debut, fin in ((JOUR, None), (hier, demain)):
        poser("acces", debut, fin)
        assert joints() == {annuaire["parent"]}
    poser("exercice", hier, None)
    with base.academie("essai : lien fini") as session:
        _lien(session, annuaire).fin = JOUR
    assert joints() == {annuaire["parent"]}, "un lien qui finit ce jour n'est plus"
    with base.academie("essai : élève parti") as session:
        session.scalars(select(Rattachement).where(Rattachement.personne_id == eleve)).one().fin = JOUR
    assert joints() == set()


def _lien(session: Session, annuaire: Annuaire) -> Responsabilite:
    return session.scalars(
        select(Responsabilite).where(Responsabilite.responsable_id == annuaire["second_parent"])
    ).one()


def test_l_expediteur_est_l_etablissement(base: BaseDeDonnees, annuaire: Annuaire) -> None:
    with base.academie("essai : adresse de l'école") as session:
        ecole = session.get_one(Etablissement, AUTRE)
        ecole.adresse, ecole.code_postal, ecole.ville = "2 place Bleue", "59800", "Lille"
    with base.ecole(AUTRE, "essai", annuaire["cpe_autre"]) as session:
        assert expediteur(session, AUTRE).lignes == ("2 place Bleue", "59800 Lille")
