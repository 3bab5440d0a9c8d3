/* Confort seulement : sans ce fichier, chaque page et chaque formulaire marchent. */
(() => {
  "use strict";
  const racine = document.documentElement;
  racine.classList.add("js");

  const dire = (texte) => {
    const zone = document.getElementById("bulles"), bulle = document.createElement("div"), bouton = document.createElement("button");
    bulle.className = "bulle";
    bouton.className = "bouton";
    bouton.type = "button";
    bouton.dataset.retirer = ".bulle";
    bouton.textContent = "Fermer";
    bulle.append(texte, bouton);
    zone.replaceChildren(bulle);
  };
  const fermer = (sauf) => document.querySelectorAll("details.deroulant[open]").forEach((menu) => {
    if (!menu.contains(sauf)) menu.open = false;
  });

  document.addEventListener("click", (e) => {
    fermer(e.target);
    const cible = e.target.closest("[data-montrer],[data-retirer],[data-imprimer],[data-dialogue],[data-fermer-dialogue]");
    if (!cible) return;
    const d = cible.dataset;
    if (d.montrer) {
      const saisie = document.getElementById(d.montrer), montre = saisie.type === "password";
      saisie.type = montre ? "text" : "password";
      cible.setAttribute("aria-pressed", montre);
    } else if (d.retirer) {
      cible.closest(d.retirer).remove();
    } else if (d.dialogue) {
      e.preventDefault();
      document.getElementById(d.dialogue).showModal();
    } else if ("fermerDialogue" in d) {
      const dialogue = cible.closest("dialog[open]");
      if (dialogue) { e.preventDefault(); dialogue.close(); }
    } else print();
  });
  document.addEventListener("keydown", (e) => {
    const menu = e.key === "Escape" && document.querySelector("details.deroulant[open]");
    if (menu) { fermer(); menu.firstElementChild.focus(); }
    // « / » mène à la recherche, sauf si l'on écrit, ou si la personne l'a éteint.
    const champ = e.key === "/" && !e.ctrlKey && !e.target.closest("input,select,textarea,dialog") && document.querySelector("[aria-keyshortcuts]");
    if (champ && !localStorage.sansRaccourci) { e.preventDefault(); champ.focus(); }
  });
  document.addEventListener("change", (e) => {
    if ("apercu" in e.target.dataset) racine.dataset.theme = e.target.value;
  });

  document.addEventListener("htmx:config:request", (e) => {
    e.detail.ctx.request.headers["X-CSRFToken"] = document.querySelector("meta[name=csrf-token]").content;
  });
  document.addEventListener("htmx:error", (e) => {
    if (e.detail.ctx) dire("Le réseau ne répond pas. Votre saisie reste dans la page. Réessayez dans un instant.");
  });
  document.addEventListener("htmx:response:error", (e) => {
    const statut = e.detail.ctx.response.status;
    if (statut === 401) dire("Votre session est finie. Connectez-vous dans un autre onglet, puis recommencez : votre saisie reste ici.");
    else if (statut !== 409 && statut !== 422) dire(`L'acte n'a pas été fait (code ${statut}). Votre saisie reste dans la page. Réessayez, ou demandez au secrétariat.`);
  });

  document.querySelector("[data-foyer]")?.focus();
})();
