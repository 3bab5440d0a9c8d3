"""Qui quitte l'annuaire n'est mis en sursis que si plus rien, ici ou ailleurs, ne le retient."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from ent_core.contrat.roles import Role
from ent_core.donnees.session import BaseDeDonnees, Portage
from ent_core.identite.contextes import contextes_possibles
from ent_core.identite.modeles import Rattachement
from ent_core.identite.sursis import ouvrir_les_sursis
from ent_core.roles.locaux import ROLES_ACADEMIE, ROLES_ETABLISSEMENT
from ent_core.roles.modeles import RoleLocal
from tests.identite.aaf_import_essais import COLLEGE, LUNDI, MARDI, MERCREDI, Annuaire, Ecriture, horloge_du
from tests.vie_privee.conservation_essais import personnes_echues


@pytest.fixture
def annuaire(base: BaseDeDonnees, tmp_path: Path) -> Annuaire:
    annuaire = Annuaire(base, tmp_path)
    annuaire.importer(Ecriture().etablissement().eleve("1").agent("21").agent("22"))
    return annuaire


def personne(annuaire: Annuaire, cle: str) -> UUID:
    trouvee: UUID = annuaire.lire("select personne_id from identifiant where valeur = :cle", cle=cle)[0]
    return trouvee


def donner_un_role(annuaire: Annuaire, cle: str, role: Role, fin: date | None = None) -> None:
    with annuaire.base.academie("essai") as session:
        session.add(
            RoleLocal(uai=COLLEGE, personne_id=personne(annuaire, cle), role=role.value, debut=LUNDI, fin=fin)
        )


def partir(annuaire: Annuaire, cle: str = "21", jour: date = MARDI) -> None:
    annuaire.importer(Ecriture(jour, "Delta").fiche("PersEducNat", cle, "-"), accepter_retraits=True)


@pytest.mark.parametrize("role", ROLES_ETABLISSEMENT + ROLES_ACADEMIE)
def test_un_role_local_retient_s_il_donne_un_titre_ou_agir(annuaire: Annuaire, role: Role) -> None:
    """La règle du sursis et celle de la connexion ne se contredisent pas, quel que soit le rôle."""
    donner_un_role(annuaire, "21", role)
    partir(annuaire)
    qui = personne(annuaire, "21")
    with annuaire.base.session(Portage("essai", personne=qui)) as session:
        peut_agir = bool(contextes_possibles(session, qui, MARDI))
    assert annuaire.en_sursis() == ([] if peut_agir else ["21"])


def test_le_rapport_nomme_le_role_qui_garde_la_connexion(annuaire: Annuaire) -> None:
    donner_un_role(annuaire, "21", Role.ADMINISTRATEUR_FONCTIONNEL)
    partir(annuaire)
    assert annuaire.constats() == [("role_local_garde", "21")]
    assert COLLEGE in annuaire.lire("select motif from import_rejet")[0]


def test_un_role_fini_ne_retient_plus(annuaire: Annuaire) -> None:
    donner_un_role(annuaire, "21", Role.ADMINISTRATEUR_FONCTIONNEL, fin=MARDI)
    partir(annuaire)
    assert annuaire.en_sursis() == ["21"]
    assert annuaire.constats() == []


def test_un_rattachement_d_une_autre_provenance_retient(annuaire: Annuaire) -> None:
    with annuaire.base.academie("essai") as session:
        session.add(
            Rattachement(
                uai=COLLEGE,
                personne_id=personne(annuaire, "21"),
                profil="National_EVS",
                source=f"TABLEUR:{COLLEGE}",
                debut=LUNDI,
            )
        )
    partir(annuaire)
    assert annuaire.en_sursis() == []


def test_le_role_fini_apres_le_depart_le_sursis_s_ouvre_dans_la_nuit(annuaire: Annuaire) -> None:
    donner_un_role(annuaire, "21", Role.ADMINISTRATEUR_FONCTIONNEL, fin=MERCREDI)
    partir(annuaire)
    for jour, attendues in ((MARDI, []), (MERCREDI, ["21"])):
        with annuaire.base.academie("essai") as session:
            ouvrir_les_sursis(session, horloge_du(jour), 60)
        assert annuaire.en_sursis() == attendues
    terme = annuaire.lire("select suppression_le from personne where sursis_depuis is not null")
    assert terme == [MERCREDI + timedelta(days=60)]


def test_la_nuit_ne_met_pas_en_sursis_qui_garde_son_rattachement(annuaire: Annuaire) -> None:
    donner_un_role(annuaire, "22", Role.ADMINISTRATEUR_FONCTIONNEL, fin=MARDI)
    with annuaire.base.academie("essai") as session:
        assert ouvrir_les_sursis(session, horloge_du(MERCREDI), 60) == 0


def test_un_role_recu_pendant_le_sursis_l_arrete_a_la_livraison_suivante(annuaire: Annuaire) -> None:
    partir(annuaire)
    donner_un_role(annuaire, "21", Role.DPD)
    annuaire.importer(Ecriture(MERCREDI, "Delta").fiche("Eleve", "1", "~", ENTEleveRegime="EXTERNE"))
    assert annuaire.en_sursis() == []


def test_un_role_local_garde_la_personne_au_dela_de_son_terme(annuaire: Annuaire) -> None:
    partir(annuaire)
    donner_un_role(annuaire, "21", Role.DPD)
    assert personnes_echues(annuaire.base, horloge_du(MARDI + timedelta(days=61))) == (0, 1)
