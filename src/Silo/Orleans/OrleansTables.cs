namespace LatentDb.Silo.Orleans;

/// <summary>
/// The tables of Orleans' membership in PostgreSQL, and the statements by which its ADO.NET provider reads and changes them: it looks each one up by its
/// key in the table OrleansQuery and gives it parameters of fixed names. Tables that were made by Orleans' own scripts serve as well.
/// </summary>
/// <remarks>One row per cluster counts the changes; a change of a member is made only by who has read the newest count, together with its increase.</remarks>
internal static class OrleansTables
{
    private const string ThisMember = "DeploymentId = @DeploymentId AND Address = @Address AND Port = @Port AND Generation = @Generation";

    private const string MemberColumns = "m.Address, m.Port, m.Generation, m.SiloName, m.HostName, m.Status, m.ProxyPort, m.SuspectTimes, m.StartTime, m.IAmAliveTime, v.Version";

    private const string NextVersion = "UPDATE OrleansMembershipVersionTable SET Version = Version + 1, Timestamp = now() WHERE DeploymentId = @DeploymentId AND Version = @Version";

    /// <summary>Makes what is missing; may be run at any time, also beside running silos.</summary>
    public static string Script { get; } = string.Join(
        "\n",
        [
            """
            CREATE TABLE IF NOT EXISTS OrleansQuery (QueryKey text PRIMARY KEY, QueryText text NOT NULL);
            CREATE TABLE IF NOT EXISTS OrleansMembershipVersionTable (
                DeploymentId text PRIMARY KEY, Timestamp timestamptz NOT NULL DEFAULT now(), Version integer NOT NULL DEFAULT 0);
            CREATE TABLE IF NOT EXISTS OrleansMembershipTable (
                DeploymentId text NOT NULL, Address text NOT NULL, Port integer NOT NULL, Generation integer NOT NULL, SiloName text NOT NULL, HostName text NOT NULL,
                Status integer NOT NULL, ProxyPort integer, SuspectTimes text, StartTime timestamptz NOT NULL, IAmAliveTime timestamptz NOT NULL,
                PRIMARY KEY (DeploymentId, Address, Port, Generation));
            """,
            .. Statements().Select(s => $"INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES ('{s.Key}', $sql${s.Value}$sql$) ON CONFLICT (QueryKey) DO NOTHING;"),
        ]);

    private static Dictionary<string, string> Statements() => new(StringComparer.Ordinal)
    {
        ["GatewaysQueryKey"] =
            "SELECT Address, ProxyPort, Generation FROM OrleansMembershipTable WHERE DeploymentId = @DeploymentId AND Status = @Status AND ProxyPort > 0",
        ["MembershipReadRowKey"] =
            $"SELECT {MemberColumns} FROM OrleansMembershipVersionTable v LEFT JOIN (SELECT * FROM OrleansMembershipTable WHERE {ThisMember}) m USING (DeploymentId) WHERE v.DeploymentId = @DeploymentId",
        ["MembershipReadAllKey"] =
            $"SELECT {MemberColumns} FROM OrleansMembershipVersionTable v LEFT JOIN OrleansMembershipTable m USING (DeploymentId) WHERE v.DeploymentId = @DeploymentId",
        ["InsertMembershipVersionKey"] =
            "WITH made AS (INSERT INTO OrleansMembershipVersionTable (DeploymentId) VALUES (@DeploymentId) ON CONFLICT (DeploymentId) DO NOTHING RETURNING 1) SELECT EXISTS (SELECT 1 FROM made)",
        ["InsertMembershipKey"] =
            $"""
            WITH next AS ({NextVersion} AND NOT EXISTS (SELECT 1 FROM OrleansMembershipTable WHERE {ThisMember}) RETURNING 1),
            made AS (
                INSERT INTO OrleansMembershipTable (DeploymentId, Address, Port, Generation, SiloName, HostName, Status, ProxyPort, StartTime, IAmAliveTime)
                SELECT @DeploymentId, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime FROM next RETURNING 1)
            SELECT EXISTS (SELECT 1 FROM made)
            """,
        ["UpdateMembershipKey"] =
            $"""
            WITH next AS ({NextVersion} AND EXISTS (SELECT 1 FROM OrleansMembershipTable WHERE {ThisMember}) RETURNING 1),
            made AS (
                UPDATE OrleansMembershipTable SET Status = @Status, SuspectTimes = @SuspectTimes::text, IAmAliveTime = @IAmAliveTime
                WHERE {ThisMember} AND EXISTS (SELECT 1 FROM next) RETURNING 1)
            SELECT EXISTS (SELECT 1 FROM made)
            """,
        ["UpdateIAmAlivetimeKey"] = $"UPDATE OrleansMembershipTable SET IAmAliveTime = @IAmAliveTime WHERE {ThisMember}",
        ["DeleteMembershipTableEntriesKey"] =
            "WITH members AS (DELETE FROM OrleansMembershipTable WHERE DeploymentId = @DeploymentId) DELETE FROM OrleansMembershipVersionTable WHERE DeploymentId = @DeploymentId",

        // 6 = Dead: who is alive but late must be declared dead first, by the others.
        ["CleanupDefunctSiloEntriesKey"] = "DELETE FROM OrleansMembershipTable WHERE DeploymentId = @DeploymentId AND IAmAliveTime < @IAmAliveTime AND Status = 6",
    };
}
