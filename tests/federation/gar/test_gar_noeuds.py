"""Les nœuds du GAR : quoi que contienne l'annuaire, ce qui part est du XML que le schéma admet."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from ent_core.contrat.roles import Profil
from ent_core.federation.gabarits import GABARITS
from ent_core.federation.gar import noeuds
from ent_core.federation.gar.anomalies import LIBELLES, PLAFOND, REMEDES, MotifGar, ReleveGar
from ent_core.federation.gar.baisses import BaisseTropForte, Effectif, baisses
from ent_core.federation.gar.format import NOEUDS_MAX, FluxGar, GenreGar, NomPaquet, profil_du_gar
from ent_core.federation.gar.noeuds import FicheGar
from ent_core.federation.gar.paquet import Paquet
from ent_core.federation.gar.verification import verifier
from tests.federation.gar.gar_essais import exiger_le_schema, fichiers, schema, valeurs

UAI = "0990101X"
LUNDI = datetime(2026, 9, 7, 2, 5, tzinfo=UTC)
NOM = NomPaquet("ENT99", LUNDI, FluxGar.SECOND)

# Accents, esperluettes, chevrons, emojis, commandes, blancs insécables : tout ce qu'un nom peut porter.
textes = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["D'ORVILLIERS & Fils", "<Zoé>", "İpek\x00\x1b", "👩\u200d🏫", "a\u0301", "\ufffe\uffff", "]]>"]
    ),
)
fiches = st.builds(
    FicheGar,
    identifiant=st.uuids(),
    personne_id=st.uuids(),
    nom=textes,
    prenom=st.none() | textes,
    nom_naissance=st.none() | textes,
    autres_prenoms=st.lists(textes, max_size=3).map(tuple),
    civilite=st.none() | textes | st.sampled_from(["M.", "MME", "Mlle"]),
    naissance=st.none() | st.dates(date(1900, 1, 1), date(2030, 1, 1)),
    courriel=st.none() | textes | st.emails(),
    profils=st.just(((UAI, "National_elv"),)),
)


@pytest.mark.exigence("SDET-INT-03")
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(fiches, max_size=4, unique_by=lambda f: f.identifiant), textes, textes)
def test_tout_annuaire_donne_des_fichiers_que_le_schema_admet(
    suite: list[FicheGar], libelle: str, code: str
) -> None:
    schema(FluxGar.SECOND)
    with TemporaryDirectory() as dossier, Paquet(Path(dossier), NOM) as paquet:
        transmis = [f for f in suite if noeuds.defaut(f, naissance=True, courriel=True) is None]
        ecrits = {
            GenreGar.ETABLISSEMENT: [
                noeuds.etablissement(UAI, libelle, libelle[:4], noeuds.telephone(libelle), libelle),
                         noeuds.mef(UAI, "10010012110", libelle, None, libelle[:11]),
                         noeuds.matiere(UAI, "061300", libelle)],
            GenreGar.ELEVE: [noeuds.eleve(f) for f in transmis],
            GenreGar.ENSEIGNANT: [noeuds.personnel(f) for f in transmis],
            GenreGar.GROUPE: [noeuds.division(UAI, code, libelle)] if noeuds.code_sain(code) else [],
            GenreGar.RESP_AFF: [noeuds.resp_aff(f) for f in transmis],
        }  # fmt: skip
        for genre, lignes in ecrits.items():
            with paquet.ecrivain(genre) as ecrivain:
                for ligne in lignes:
                    ecrivain.ecrire(ligne)
        paquet.achever()
        exiger_le_schema(paquet.chemin)
        assert verifier(paquet.chemin, nom=NOM.archive).defauts == []
        relus = valeurs(paquet.chemin, "GAREleve", "GARPersonIdentifiant", "GARPersonNom")
        assert relus == [(str(f.identifiant), noeuds.propre(f.nom)) for f in transmis]


@pytest.mark.parametrize(
    ("fiche", "options", "motif"),
    [
        (FicheGar(uuid4(), uuid4(), " \x07", "Zoé"), {}, MotifGar.NOM),
        (FicheGar(uuid4(), uuid4(), "NOM", None), {}, MotifGar.PRENOM),
        (FicheGar(uuid4(), uuid4(), "NOM", "Zoé"), {"naissance": True}, MotifGar.NAISSANCE),
        (FicheGar(uuid4(), uuid4(), "NOM", "Zoé", courriel="sans"), {"courriel": True}, MotifGar.ADRESSE),
        (FicheGar(uuid4(), uuid4(), "N" * 501, "Zoé"), {}, MotifGar.LONGUEUR),
        (FicheGar(uuid4(), uuid4(), "NOM", "Zoé"), {}, None),
    ],
)
def test_une_fiche_intransmissible_dit_pourquoi(
    fiche: FicheGar, options: dict[str, bool], motif: MotifGar | None
) -> None:
    assert noeuds.defaut(fiche, **options) == motif


def test_chaque_motif_se_dit_et_a_son_remede() -> None:
    assert set(LIBELLES) == set(REMEDES) == set(MotifGar)


@pytest.mark.exigence("SDET-INT-03")
@pytest.mark.parametrize(
    ("titres", "attendu"),
    [
        ({(Profil.ENSEIGNANT, "ENS")}, "National_ens"),
        ({(Profil.ENSEIGNANT, "DCT")}, "National_doc"),
        ({(Profil.DIRECTION, "DIR"), (Profil.ENSEIGNANT, "ENS")}, "National_ens"),
        ({(Profil.VIE_SCOLAIRE, "AED"), (Profil.DIRECTION, None)}, "National_dir"),
        ({(Profil.ADMINISTRATIF, "ADF")}, "National_eta"),
        ({(Profil.COLLECTIVITE, "COLTER")}, "National_col"),
        ({(Profil.ACADEMIE, "INS"), (Profil.RESPONSABLE, None)}, None),
    ],
)
def test_le_profil_est_celui_du_gar(titres: set[tuple[str, str | None]], attendu: str | None) -> None:
    assert profil_du_gar(frozenset(titres)) == attendu


@pytest.mark.parametrize(
    ("avant", "apres", "arret"),
    [
        ((100, 10), (79, 10), True),
        ((100, 10), (80, 10), False),
        ((100, 10), (100, 4), True),
        ((12, 3), (7, 3), False),  # cinq départs n'arrêtent jamais, même d'une petite école
        ((500, 40), None, True),
    ],
)
def test_une_baisse_trop_forte_arrete(
    avant: tuple[int, int], apres: tuple[int, int] | None, arret: bool
) -> None:
    present = {} if apres is None else {UAI: Effectif(*apres)}
    trouvees = baisses({UAI: Effectif(*avant)}, present, 0.2)
    assert bool(trouvees) is arret
    if arret:
        assert UAI in BaisseTropForte(trouvees, 0.2).message


def test_un_genre_se_coupe_a_dix_mille_noeuds_et_les_memes_noeuds_donnent_les_memes_octets(
    tmp_path: Path,
) -> None:
    empreintes = set()
    for _ in range(2):
        with Paquet(tmp_path, NOM) as paquet:
            for genre in GenreGar:
                with paquet.ecrivain(genre) as ecrivain:
                    for rang in range(NOEUDS_MAX + 1 if genre is GenreGar.ELEVE else 0):
                        ecrivain.ecrire(
                            noeuds.eleve(
                                FicheGar(
                                    UUID(int=rang),
                                    UUID(int=0),
                                    "NOM",
                                    "Zoé",
                                    profils=((UAI, "National_elv"),),
                                )
                            )
                        )
            empreintes.add(paquet.achever())
            lus = {nom: len(racine) for nom, racine in fichiers(paquet.chemin)}
        assert list(tmp_path.iterdir()) == []  # rien n'est publié : rien ne reste
    assert len(empreintes) == 1
    debut = "ENT99_GAR-ENT_Complet_20260907_040500_2D_Eleve"
    assert lus[f"{debut}_0000.xml"] == NOEUDS_MAX
    assert lus[f"{debut}_0001.xml"] == 1
    assert len(lus) == 6


def test_le_releve_borne_ce_qu_il_montre_et_dit_tout_au_fichier(tmp_path: Path) -> None:
    sortie = io.BytesIO()
    releve = ReleveGar(sortie)
    for rang in (0, *range(PLAFOND + 5)):  # dite deux fois, une anomalie ne compte qu'une
        releve.noter(UAI, "Groupe", MotifGar.CODE_PRIS, cle=f"=G{rang}")
    releve.publier(tmp_path / "releve.csv")
    assert len(list(releve.montrees())) == PLAFOND
    assert releve.ecartes[UAI] == releve.total == PLAFOND + 5
    lignes = (tmp_path / "releve.csv").read_text(encoding="utf-8").splitlines()
    assert len(lignes) == PLAFOND + 6
    assert "'=G0" in lignes[1]  # un tableur n'y calcule rien
    assert (tmp_path / "releve.csv").stat().st_mode & 0o077 == 0


def _archive(dossier: Path, **contenus: str) -> Path:
    """Une archive dont chaque genre porte les nœuds donnés, valides ou non."""
    with Paquet(dossier, NOM) as paquet:
        for genre in GenreGar:
            with paquet.ecrivain(genre) as ecrivain:
                if noeud := contenus.get(genre.name.lower()):
                    ecrivain.ecrire(noeud)
        return paquet.publier(paquet.achever())


ELEVE = noeuds.eleve(FicheGar(UUID(int=1), UUID(int=2), "NOM", "Zoé", profils=((UAI, "National_elv"),)))


@pytest.mark.parametrize(
    ("contenus", "dit"),
    [
        ({"eleve": ELEVE + ELEVE}, "l'a déjà donnée"),
        ({"eleve": ELEVE.replace("National_elv", "National_ELV")}, "le profil n'est pas du GAR"),
        ({"eleve": ELEVE.replace("NOM", "N" * 501)}, "trop long"),
        ({"enseignant": ELEVE}, "n'est pas à sa place"),
        ({"groupe": noeuds.ligne("GARPersonGroupe", UAI, UUID(int=9), "GARGroupeCode", "6A")}, "ne sont pas"),
        ({"etablissement": "<men:GAREtab>"}, "pas du XML correct"),
    ],
)
def test_la_relecture_dit_ce_qui_ne_va_pas(tmp_path: Path, contenus: dict[str, str], dit: str) -> None:
    defauts = verifier(_archive(tmp_path, **contenus)).defauts
    assert any(dit in defaut for defaut in defauts), defauts
    assert not any("Zoé" in defaut for defaut in defauts)


def test_une_archive_coupee_se_voit_a_son_empreinte(tmp_path: Path) -> None:
    archive = _archive(tmp_path, eleve=ELEVE)
    assert verifier(archive).defauts == []
    archive.with_name(archive.name.removesuffix(".tar.gz") + ".md5").write_text("0" * 32)
    assert "copie est coupée" in verifier(archive).defauts[0]


def test_le_schema_donne_a_la_relecture_est_applique_sans_citer_de_valeur(tmp_path: Path) -> None:
    regle = schema(FluxGar.SECOND)
    assert regle is not None
    from tests.federation.gar.gar_essais import FORMATS

    faute = ELEVE.replace("</men:GAREleve>", "<men:Inconnu>Zoé</men:Inconnu></men:GAREleve>")
    xsd = FORMATS / "schema" / "GAR-ENT.xsd"
    defauts = verifier(_archive(tmp_path, eleve=faute), schema=xsd).defauts
    assert any("le schéma le refuse" in defaut for defaut in defauts)
    assert not any("Zoé" in defaut for defaut in defauts)


def test_les_exemples_construits_se_lisent_comme_les_notres() -> None:
    from tests.federation.gar.gar_essais import FORMATS

    dossier = FORMATS / "constructed" / "2d"
    if not dossier.is_dir():
        pytest.skip("exemples absents : constructed/2d")
    for chemin in sorted(dossier.glob("*.xml")):
        assert schema(FluxGar.SECOND).validate(etree.parse(str(chemin)).getroot())


def test_l_assertion_pour_le_gar_porte_les_attributs_du_modele() -> None:
    from tests.federation.gar.gar_essais import FORMATS

    modele = FORMATS.parent / "sso" / "constructed" / "gar_assertion_attributes.json"
    if not modele.is_file():
        pytest.skip("exemple absent : sso/constructed/gar_assertion_attributes.json")
    attendus = json.loads(modele.read_text(encoding="utf-8"))
    assert {attribut.nom for attribut in GABARITS["gar"].attributs} == set(attendus)
    assert UUID(attendus["GARPersonIdentifiant"])
