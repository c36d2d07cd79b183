namespace LatentDb.Silo.Tests.Support;

/// <summary>Why tests of the API are not asked of a cluster: the whole list of reasons. What has none of them passes there as well.</summary>
internal static class Alone
{
    public const string Care = "Care of the store works on the shards of the silo that is asked; the front of these clusters owns none and says so.";

    public const string Quotas = "What a tenant has is known to within five seconds in a cluster, so that a quota may be exceeded by what is written in that time.";

    public const string Keys = "These clusters have their keys in the database, not in a file; Security/SharedAccessTests looks there.";

    public const string Loading = "The owners of a cluster learn within a second that a model silo has become ready, not at once.";

    public const string Stopping = "The owners of a cluster go on while a silo that answers clients stops; tests/Cluster stops each kind of silo under load.";
}
