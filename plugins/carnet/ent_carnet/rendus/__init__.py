"""Ce que la page et l'API rendent toutes deux : un document imprimé, un agenda."""
