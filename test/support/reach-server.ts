import { sqlDatabaseAccess, type DatabaseAccess } from '@pgherd/operator';
import { connect, literal } from '@pgherd/postgres';
import type { PostgresServer } from './postgres-server.ts';

/**
 * The operator's way into PostgreSQL, with a real server in the place of every primary. The superuser has the password of
 * the cluster's Secret there, as in a server that Patroni made.
 */
export function accessTo(server: PostgresServer): DatabaseAccess {
  const { host, port } = server;
  const reach = (password: string) => ({ host, port, user: 'postgres', password, database: 'postgres' });
  const access = sqlDatabaseAccess((_, superuser) => reach(superuser.password));
  let current = server.password;
  const adopt = async (password: string): Promise<void> => {
    if (password === current) return;
    const connection = await connect(reach(current));
    await connection.query(`ALTER ROLE postgres PASSWORD ${literal(password)}`);
    await connection.close();
    current = password;
  };
  return {
    async bringInLine(address, superuser, ...rest) {
      await adopt(superuser.password);
      return access.bringInLine(address, superuser, ...rest);
    },
    async look(address, superuser, ...rest) {
      await adopt(superuser.password);
      return access.look(address, superuser, ...rest);
    },
  };
}
