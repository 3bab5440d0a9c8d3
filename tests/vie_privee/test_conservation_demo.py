"""Une année d'une académie de démonstration, puis le 1er septembre, de l'avis à la preuve vérifiée."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner
from ent_annonces import brique as annonces
from ent_annonces.modeles import Mot
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ent_core.chargement.conservation import taches_de_conservation
from ent_core.chargement.decouverte import Chargement, charger
from ent_core.chargement.droits import Guichet
from ent_core.cli import ent
from ent_core.contrat.roles import Profil, Role
from ent_core.demo import generer
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.application import assembler, configuration_essai, connecter
from ent_core.essais.base import Fabrique
from ent_core.identite import comptes
from ent_core.identite.aaf.importation import importer
from ent_core.identite.aaf.livraison import ouvrir_livraison
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import ActeJournal, Identifiant, Inscription, Personne, Rattachement
from ent_core.roles.modeles import RoleLocal
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.socle.configuration import Configuration, Imports
from ent_core.vie_privee.conservation.dossier import EtatPlan, ouvrir, plans
from ent_core.vie_privee.conservation.gels import NatureGel, poser
from ent_core.vie_privee.conservation.modeles import AvisElimination
from tests.vie_privee.conservation_essais import a_midi, faire_partir

RENTREE, SUIVANTE = date(2026, 9, 7), date(2027, 9, 1)
PLANS, AVIS = "/vie-privee/conservation/", "/vie-privee/avis/"


@dataclass(slots=True)
class Academie:
    """Deux établissements de démonstration, leur année, et l'application qui les sert."""

    base: BaseDeDonnees
    application: Flask
    horloge: HorlogeFixe
    configuration: Configuration
    chargement: Chargement
    uais: list[str]
    partis: list[UUID]
    recents: list[UUID]
    geles: list[UUID]

    def nuit(self) -> None:
        """Ce que la nuit fait de la conservation."""
        for tache in taches_de_conservation(self.chargement, self.configuration):
            tache.fonction(self.base, self.horloge)

    def client(self, uai: str, profil: Profil, role: Role | None = None) -> FlaskClient:
        """Navigateur d'une personne de ce profil, ou de ce rôle académique."""
        with self.base.academie("essai : qui se connecte") as session:
            enonce = select(Rattachement.personne_id).where(Rattachement.uai == uai)
            enonce = enonce.where(Rattachement.profil == profil.value).order_by(Rattachement.id)
            if role is not None:
                enonce = select(RoleLocal.personne_id).where(RoleLocal.role == role.value)
            personne = session.scalars(enonce).first()
        assert personne is not None
        return connecter(self.application, self.base, self.horloge, personne, uai, profil)

    def mots(self, uai: str) -> int:
        """Annonces que voit une page de l'établissement."""
        with self.base.ecole(uai, "essai : une page") as session:
            return session.scalar(select(func.count(Mot.id))) or 0

    def compter(self, table: type, colonne: str, valeurs: Sequence[UUID | str]) -> int:
        with self.base.academie("essai : compter") as session:
            voulue = getattr(table, colonne).in_(valeurs)
            return session.scalar(select(func.count()).select_from(table).where(voulue)) or 0


@pytest.fixture
def academie(fabrique_bases: Fabrique, horloge: HorlogeFixe, tmp_path: Path) -> Iterator[Academie]:
    configuration = configuration_essai(donnees=str(tmp_path / "donnees"))
    chargement = charger([], {"annonces": annonces})
    adresses = fabrique_bases.migree(chargement.distributions)
    base = fabrique_bases.ouvrir(adresses.application)
    horloge.instant = a_midi(RENTREE)
    application = assembler(base, horloge, configuration, {"annonces": annonces})
    resume = generer(tmp_path / "fichiers", etablissements=2, eleves_par_etablissement=30, jour=RENTREE)
    with ouvrir_livraison(resume.aaf) as livraison:
        importer(base, livraison, horloge=horloge, reglages=Imports())
    with base.academie("essai : comptes et rôles") as session:
        comptes.creer_comptes_manquants(session, horloge)
        eleves = list(
            session.scalars(
                select(Inscription.personne_id).distinct().order_by(Inscription.personne_id).limit(9)
            )
        )
        uais = sorted(session.scalars(select(Inscription.uai).distinct()))
        _nommer(session, uais[0])
    partis, recents, geles = eleves[:4], eleves[4:7], eleves[7:]
    faire_partir(base, [*partis, *geles], date(2026, 10, 15))
    faire_partir(base, recents, date(2027, 8, 20))
    with base.academie("essai : une année") as session:
        for uai in uais:
            _vivre(session, uai)
        for personne in geles:
            poser(
                session, horloge, personne, nature=NatureGel.LITIGE, motif="TA 26-1123",
                revoir_le=date(2027, 12, 1),
            )  # fmt: skip
    yield Academie(base, application, horloge, configuration, chargement, uais, partis, recents, geles)
    base.fermer()
    fabrique_bases.retirer(adresses)


def _nommer(session: Session, uai: str) -> None:
    """Deux agents tiennent lieu de DPD et d'administrateur académique."""
    agents = select(Rattachement.personne_id).where(
        Rattachement.profil == Profil.ENSEIGNANT.value, Rattachement.uai == uai
    )
    deux = session.scalars(agents.distinct().order_by(Rattachement.personne_id).limit(2))
    for personne, role in zip(deux, (Role.DPD, Role.ADMINISTRATEUR_ACADEMIQUE), strict=True):
        session.add(RoleLocal(uai=uai, personne_id=personne, role=role.value, debut=date(2026, 9, 1)))


def _vivre(session: Session, uai: str) -> None:
    """Deux annonces par mois, du 15 septembre au 15 août, et des actes au journal."""
    auteur = session.scalars(
        select(Rattachement.personne_id).where(
            Rattachement.uai == uai, Rattachement.profil == Profil.DIRECTION.value
        )
    ).first()
    for rang in range(12):
        fin = date(2026 + (8 + rang) // 12, (8 + rang) % 12 + 1, 15)
        for _ in range(2):
            session.add(Mot(uai=uai, auteur_id=auteur, texte="Réunion", fin=fin))
        consigner(session, HorlogeFixe(a_midi(fin - timedelta(days=60))), "essai.vecu", uai=uai)


@pytest.mark.exigence("ENT-18", "RGPD-DUR-01", "RGPD-DUR-04", "RGPD-DUR-05")
def test_une_annee_de_demonstration_puis_le_premier_septembre(academie: Academie, tmp_path: Path) -> None:
    ici, ailleurs = academie.uais
    with academie.base.academie("essai") as session:
        tous = session.scalar(select(func.count()).select_from(Personne)) or 0
    assert (academie.mots(ici), academie.mots(ailleurs)) == (24, 24)

    # Le 1er septembre, la nuit établit un plan, et n'élimine rien.
    academie.horloge.instant = a_midi(SUIVANTE)
    academie.nuit()
    with academie.base.academie("essai : le plan") as session:
        [plan] = plans(session)
        dossier = ouvrir(session, academie.horloge, plan.id)
        echues = {(li.objet, li.uai): li.echues for li in dossier.lignes if li.echues}
        assert echues["annonces_mot", ici] == echues["annonces_mot", ailleurs] == 22
        assert {objet for objet, _ in echues} >= {"personne", "identifiant", "compte", "acte_journal"}
        assert sum(li.sans_date for li in dossier.lignes) == 0
        empreinte = plan.empreinte
    assert (academie.mots(ici), academie.mots(ailleurs)) == (24, 24)

    # Deux personnes le relisent et l'approuvent : l'avis part, et ce qui va partir ne se voit plus.
    for role in (Role.DPD, Role.ADMINISTRATEUR_ACADEMIQUE):
        client = academie.client(ici, Profil.ENSEIGNANT, role)
        assert (
            client.post(f"{PLANS}plans/{plan.id}/approuver", data={"empreinte": empreinte}).status_code == 303
        )
    assert (academie.mots(ici), academie.mots(ailleurs)) == (2, 2)
    assert academie.compter(Mot, "texte", ["Réunion"]) == 48, "cachées, elles sont encore là"

    # Une direction l'apprend à l'accueil, et remet en place, d'un geste, ce qu'il lui faut encore.
    direction = academie.client(ailleurs, Profil.DIRECTION)
    assert "relire ce qui va être éliminé" in direction.get("/").text
    assert "Annonces de l&#39;établissement, 2026-2027" in direction.get(AVIS).text
    with academie.base.academie("essai : les avis") as session:
        a = AvisElimination
        rang = session.scalar(select(a.rang).where(a.uai == ailleurs, a.objet == "annonces_mot").limit(1))
    assert direction.post(f"{AVIS}{plan.id}/{rang}", data={"motif": "enquête en cours"}).status_code == 303
    assert (academie.mots(ici), academie.mots(ailleurs)) == (2, 24)

    # Avant la fin du préavis, rien ; après, tout ce qui est échu, et rien d'autre.
    academie.nuit()
    assert academie.compter(Personne, "id", academie.partis) == len(academie.partis)
    academie.horloge.avancer(timedelta(days=8))
    academie.nuit()
    for table, colonne in ((Personne, "id"), (Identifiant, "personne_id")):
        assert academie.compter(table, colonne, academie.partis) == 0
        assert academie.compter(table, colonne, academie.geles) > 0
        assert academie.compter(table, colonne, academie.recents) > 0
    assert academie.compter(Mot, "uai", [ici]) == 2
    assert academie.mots(ailleurs) == 24
    with academie.base.academie("essai : ce qui reste") as session:
        assert session.scalar(select(func.count()).select_from(Personne)) == tous - len(academie.partis)
        vecus = session.scalars(select(ActeJournal.instant).where(ActeJournal.acte == "essai.vecu")).all()
        assert min(vecus).date() > date(2026, 9, 1)
        assert ouvrir(session, academie.horloge, plan.id).etat is EtatPlan.EXECUTE
        assert session.scalar(select(func.count()).select_from(AvisElimination)) == 0

    # Ce qui est gelé se remet encore à qui le demande.
    copie = io.BytesIO()
    guichet = Guichet(academie.configuration, academie.chargement, academie.horloge)
    with academie.base.academie("essai : copie") as session:
        guichet.exporter(session, academie.geles[0], copie)
    assert copie.tell() > 0

    # La preuve se vérifie, avec sa tête copiée hors de la base.
    variables = {
        "ENT_BASE": academie.base.url.render_as_string(hide_password=False),
        "ENT_DONNEES": str(tmp_path / "donnees"), "ENT_CONFIGURATION": "", "ENT_SERVEUR_SECURISE": "false",
    }  # fmt: skip
    tete = tmp_path / "tete.jsonl"
    for arguments in (["preuves", "--exporter", str(tete)], ["verifier", "--tetes", str(tete)]):
        rendu = CliRunner().invoke(ent, ["conservation", *arguments], env=variables)
        assert rendu.exit_code == 0, rendu.output
    academie.nuit()
    with academie.base.academie("essai : la nuit d'après") as session:
        suivant = ouvrir(session, academie.horloge, plans(session)[0].id)
        reste = {li.objet for li in suivant.lignes if li.echues and suivant.report(li) is None}
        assert reste <= {"acte_journal", "import_lot"}, "des actes de huit jours plus récents, à leur tour"
