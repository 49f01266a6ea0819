export const benchKeyFlood = async (): Promise<never[]> => []
