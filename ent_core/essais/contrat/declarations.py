"""Ce que la brique déclare : complet, verrouillé, vrai dans la base vivante, et lisible dans le registre."""

from __future__ import annotations

import pytest

from ent_core.chargement.decouverte import charger, verrou_de
from ent_core.chargement.examen import documents, examiner
from ent_core.donnees.aller_retour import aller_retour
from ent_core.donnees.base import Base
from ent_core.essais.base import Fabrique
from ent_core.essais.contrat.agregats import agregats_par_agent
from ent_core.essais.contrat.coherence import Indices, ecarts, fiches_incompletes
from ent_core.essais.contrat.journal import ecarts_du_journal
from ent_core.essais.contrat.observation import observer
from ent_core.essais.contrat.socle import Commun, erreurs
from ent_core.essais.parcours import Parcours
from ent_core.vie_privee.controle_base import controler_base
from ent_core.vie_privee.controle_declarations import controler
from ent_core.vie_privee.empreinte import canonique
from ent_core.vie_privee.verrou import controler_verrou

__all__ = ["Declarations"]


class Declarations(Commun):
    """Manifeste, tables, verrou, migrations, sources, documents, base vivante, registre."""

    def test_le_manifeste_nomme_la_brique(self) -> None:
        assert list(self.chargement().anomalies) == []
        manifeste = self.chargee().manifeste
        assert manifeste.titre.strip()
        assert manifeste.resume.strip()
        assert manifeste.version.strip()

    def test_chaque_table_et_chaque_colonne_est_declaree(self) -> None:
        brique = self.chargee()
        assert erreurs(controler([brique.declaration()])) == []
        oubliees = {nom for nom in Base.metadata.tables if nom.startswith(f"{brique.id}_")}
        assert oubliees - {t.name for t in brique.tables} == set(), "à rendre par ent_modeles"

    @pytest.mark.exigence("RGPD-REG-03")
    def test_le_verrou_dit_ce_que_dit_le_code(self) -> None:
        brique = self.chargee()
        chemin = verrou_de(brique)
        assert chemin is not None, "la brique n'a pas de dossier"
        forme = canonique(brique.declaration())
        assert erreurs(controler_verrou(brique.id, forme, chemin, production=True)) == []

    @pytest.mark.exigence("RGPD-REG-01")
    def test_la_fiche_du_registre_dit_tout_ce_qu_exige_l_article_30(self) -> None:
        assert list(fiches_incompletes(self.chargee())) == []

    def test_les_migrations_vont_et_reviennent(self, fabrique_bases: Fabrique) -> None:
        brique, noyau = self.chargee(), charger([]).distributions
        avant = canonique(brique.declaration())
        adresses = fabrique_bases.vide()
        try:
            trouves = aller_retour(adresses.proprietaire, adresses.application, noyau, brique.distribution())
        finally:
            fabrique_bases.retirer(adresses)
        assert erreurs(trouves) == []
        assert canonique(self.chargee().declaration()) == avant, "une migration a changé la déclaration"

    @pytest.mark.exigence("SURV-03")
    def test_rien_ne_compte_les_actes_d_un_agent(self) -> None:
        trouves = {ou for ou, _ in agregats_par_agent(self.dossier(), self.chargee())}
        assert trouves == set(self.comptent_un_auteur), "compter sans l'auteur, ou dire pourquoi il est cité"

    def test_chaque_acte_qu_elle_inscrit_au_journal_s_y_lit_en_francais(self) -> None:
        assert list(ecarts_du_journal(self.dossier(), self.chargee())) == []

    def test_les_sources_suivent_les_regles(self) -> None:
        assert erreurs(examiner(self.dossier(), self.chargee().id)) == []

    def test_la_brique_se_presente_et_dit_ce_qui_change(self) -> None:
        assert erreurs(documents(self.dossier())) == []

    def test_la_base_vivante_dit_ce_que_dit_le_code(self, parcours: Parcours) -> None:
        assert erreurs(controler_base(parcours.instance.base.moteur, self.chargement().distributions)) == []

    @pytest.mark.exigence("RGPD-MIN-01")
    def test_ce_qu_elle_declare_s_accorde_avec_ce_qu_elle_fait(self, parcours: Parcours) -> None:
        annuaire = parcours.instance.annuaire
        vu = observer(parcours, self.chargee(), self.dossier(), self.envois(annuaire), self.offres(annuaire))
        assert ecarts(Indices(self.chargee(), vu)) == []
