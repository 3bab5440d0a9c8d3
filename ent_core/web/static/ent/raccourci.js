/* Éteindre ou rallumer la touche « / » : un raccourci d'une seule touche se règle (RGAA 12.10). */
(() => {
  "use strict";
  const reglage = document.getElementById("raccourci");
  reglage.checked = !localStorage.sansRaccourci;
  reglage.addEventListener("change", () => {
    if (reglage.checked) delete localStorage.sansRaccourci;
    else localStorage.sansRaccourci = "1";
  });
})();
