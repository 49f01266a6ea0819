/** The query of the fleet's page: the server asks it first, the browser again and again. */
export const fleetInput = { limit: 500 }
