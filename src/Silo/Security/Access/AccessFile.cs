using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.Silo.Security.Access;

/// <summary>
/// The file <c>{data}/access</c>: tenants and keys of one server. It is replaced as a whole, so a power cut leaves the old content or the new one;
/// what was answered is the new one. In a cluster a table of a database takes the place of this class.
/// </summary>
/// <remarks>
/// Order: temporary file written and synced (a cut: the old content, and a leftover that the next write empties), renamed (a cut: either content, both
/// whole), folder synced (from here on the new one). Nobody but the owner of the process may read it.
/// </remarks>
internal sealed class AccessFile(IDisk disk, string data)
{
    private const string Name = "access";
    private const int NoSpaceErrno = 28; // ENOSPC
    private const int QuotaErrno = 122; // EDQUOT

    private readonly string _path = Path.Combine(Path.GetFullPath(data), Name);

    /// <summary>What is stored; nothing when the file does not exist.</summary>
    /// <exception cref="LatentDbException">data_damaged, unsupported_format, store_unavailable.</exception>
    public AccessState Read()
    {
        if (!disk.FileExists(_path)) return AccessState.Empty;
        try
        {
            return AccessCodec.Decode(disk.ReadAll(_path), _path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LatentDbException(ErrorCode.StoreUnavailable, "The access file cannot be read, so nobody can be let in.", error);
        }
    }

    /// <summary>Durable when it returns.</summary>
    /// <exception cref="LatentDbException">store_full, store_unavailable: nothing is promised of the new content.</exception>
    public void Write(AccessState state)
    {
        try
        {
            disk.Replace(_path, AccessCodec.Encode(state).Span, DiskAccess.CreatePrivate);
        }
        catch (IOException error) when ((error.HResult & 0xffff) is NoSpaceErrno or QuotaErrno)
        {
            throw new LatentDbException(ErrorCode.StoreFull, "The access file could not be written, because the disk is full; nothing has changed.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LatentDbException(ErrorCode.StoreUnavailable, "The access file could not be written.", error);
        }
    }
}
