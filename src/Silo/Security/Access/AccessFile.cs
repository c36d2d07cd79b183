using System.Globalization;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.Silo.Security.Access;

/// <summary>
/// The file <c>{data}/access</c>: tenants and keys. It is replaced as a whole, so a power cut leaves the old content or the new one; what was answered is
/// the new one. The silos of a cluster share it: who changes it holds <c>{data}/access.lock</c> from its reading to its replacing.
/// </summary>
/// <remarks>
/// Order: temporary file written and synced (a cut: the old content, and a leftover that the next write empties), renamed (a cut: either content, both
/// whole), folder synced (from here on the new one). Nobody but the owner of the process may read it.
/// </remarks>
/// <param name="disk">Where it lies.</param>
/// <param name="data">Its folder.</param>
/// <param name="time">For the wait for one's turn.</param>
/// <param name="isShared">True when other processes may change it.</param>
internal sealed class AccessFile(IDisk disk, string data, TimeProvider time, bool isShared = false) : IAccessStore
{
    /// <summary>In the data folder.</summary>
    public const string Name = "access";

    private const string LockName = "access.lock";
    private const int NoSpaceErrno = 28; // ENOSPC
    private const int QuotaErrno = 122; // EDQUOT

    private readonly string _path = Path.Combine(Path.GetFullPath(data), Name);

    /// <inheritdoc/>
    public bool IsShared => isShared;

    /// <summary>True when the file is there.</summary>
    public bool Exists => disk.FileExists(_path);

    /// <inheritdoc/>
    public Task<AccessContent> ReadAsync(CancellationToken cancellationToken)
    {
        // The revision is of before the reading: a change beside it is seen again.
        string revision = Revision();
        return Task.FromResult(new AccessContent(Read(), revision));
    }

    /// <inheritdoc/>
    public async Task<AccessContent?> ReadNewerAsync(AccessContent known, CancellationToken cancellationToken) =>
        !isShared || Revision() == known.Revision ? null : await ReadAsync(cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task<AccessContent> ChangeAsync(AccessContent known, Func<AccessState, AccessState> change, CancellationToken cancellationToken)
    {
        using IDisposable? turn = await EnterAsync(cancellationToken).ConfigureAwait(false);
        AccessContent old = turn is null ? known : await ReadAsync(cancellationToken).ConfigureAwait(false);
        AccessState next = change(old.State);
        if (ReferenceEquals(old.State, next)) return old;
        Write(next);
        return new AccessContent(next, Revision());
    }

    /// <summary>What is stored; nothing when the file does not exist.</summary>
    /// <exception cref="LatentDbException">data_damaged, unsupported_format, store_unavailable.</exception>
    public AccessState Read()
    {
        if (!disk.FileExists(_path)) return AccessState.Empty;
        try
        {
            return AccessCodec.Decode(disk.ReadAll(_path), $"The access file {_path}");
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

    /// <summary>
    /// The turn to change the file, which nobody else has until it is disposed. A process that is stopped while it has the turn keeps it: then nobody can
    /// change keys, and nothing is lost.
    /// </summary>
    /// <exception cref="LatentDbException">store_unavailable: somebody else keeps the turn for too long.</exception>
    private async ValueTask<IDisposable?> EnterAsync(CancellationToken cancellationToken)
    {
        if (!isShared) return null;
        string path = Path.Combine(Path.GetFullPath(data), LockName);
        long begun = time.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException error) when (time.GetElapsedTime(begun) >= SecurityLimits.AccessTurnLimit)
            {
                throw new LatentDbException(ErrorCode.StoreUnavailable, "Another server is changing keys or tenants and does not end; nothing has changed.", error);
            }
            catch (IOException)
            {
                await Task.Delay(SecurityLimits.AccessTurnPause, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Changes whenever the file is replaced; cheap to ask.</summary>
    private string Revision()
    {
        var file = new FileInfo(_path);
        return file.Exists ? string.Create(CultureInfo.InvariantCulture, $"{file.LastWriteTimeUtc.Ticks}-{file.Length}") : "-";
    }
}
