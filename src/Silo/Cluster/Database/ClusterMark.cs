using System.Text;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.Silo.Cluster.Database;

/// <summary>
/// The file <c>cluster</c> in the folder of a silo that keeps copies: the database that says which of them count. Under another database, such as an empty
/// one in the place of one that was lost, an old copy or an empty folder could become the truth, and the others would be filled from it.
/// </summary>
internal static class ClusterMark
{
    private const string FileName = "cluster";

    private const string Title = "latentdb-cluster 1";

    /// <summary>Compares the folder's mark with the database; a folder without one gets it.</summary>
    /// <exception cref="LatentDbException">configuration_invalid: the folder belongs to another database; data_damaged, store_unavailable.</exception>
    public static async Task RequireAsync(ClusterDatabase database, string folder, TimeSpan timeout, CancellationToken cancellationToken)
    {
        List<Guid> ids = await database.QueryAsync("select id from latentdb_cluster", [], row => row.GetGuid(0), timeout, cancellationToken).ConfigureAwait(false);
        if (ids is not [Guid id]) throw new LatentDbException(ErrorCode.StoreUnavailable, "The cluster's database has lost its id.");
        string path = Path.Combine(Path.GetFullPath(folder), FileName);
        try
        {
            if (!File.Exists(path))
            {
                Directory.CreateDirectory(folder);
                LocalDisk.Instance.Replace(path, Encoding.UTF8.GetBytes($"{Title}\n{id}\n"));
                return;
            }

            string[] lines = await File.ReadAllLinesAsync(path, cancellationToken).ConfigureAwait(false);
            if (lines is not [Title, { } text] || !Guid.TryParse(text, out Guid known)) throw new LatentDbException(ErrorCode.DataDamaged, $"{path} is not the mark of a cluster.");
            if (known == id) return;
            throw new LatentDbException(
                ErrorCode.ConfigurationInvalid,
                $"{folder} has copies of the cluster {known}, and the database is that of the cluster {id}. If the database was lost, read \"Copies\" in docs/operations.md before you remove {path}.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LatentDbException(ErrorCode.StoreUnavailable, $"The mark of the cluster {path} cannot be read or written: {e.Message}", e);
        }
    }
}
