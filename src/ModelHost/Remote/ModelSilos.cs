using System.Collections.Immutable;
using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Links;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;
using LatentDb.ModelHost.Remote.Codecs;

namespace LatentDb.ModelHost.Remote;

/// <summary>
/// The model silos that can be used: those in the view that have said what they serve. The first model that one of them serves is the model of this
/// process to its end; a silo with another one is not used. Thread-safe.
/// </summary>
internal sealed class ModelSilos(IClusterView view, ISiloLinks links, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, ModelSilo> _silos = []; // by incarnation: a process that comes again is another one
    private ModelDescription? _model;

    /// <summary>The model; null until a silo has said what it serves.</summary>
    public ModelDescription? Model => Volatile.Read(ref _model);

    /// <summary>Silos that serve it now.</summary>
    public ImmutableArray<ModelSilo> Usable
    {
        get
        {
            lock (_lock) return [.. _silos.Values.Where(s => s.Fingerprint == _model?.Fingerprint)];
        }
    }

    /// <summary>Begins a use of the silo that is chosen for a memory; dispose it at the end. Null when none is left.</summary>
    /// <param name="memory">Whose rows are needed.</param>
    /// <param name="tried">Names that are not asked again.</param>
    public SiloUse? Enter(MemoryUid memory, IReadOnlySet<string> tried)
    {
        ClusterView now = view.Current;
        lock (_lock)
        {
            List<ModelSilo> open = [.. _silos.Values.Where(s => s.Fingerprint == _model?.Fingerprint && !tried.Contains(s.Name) && now.Find(s.Name) is { IsDraining: false })];
            List<ModelSilo> reachable = [.. open.Where(s => !IsAvoided(s))];
            List<ModelSilo> from = reachable.Count > 0 ? reachable : open;
            ModelCandidate[] candidates = [.. from.Select(s => new ModelCandidate(s.Name, RequestsAt(s, now), s.Places))];
            int chosen = ModelPlacement.Choose(memory, candidates);
            return chosen < 0 ? null : new SiloUse(this, from[chosen]);
        }
    }

    /// <summary>It has said how many requests it has besides the one that is answered, which is one of ours.</summary>
    public void Hear(ModelSilo silo, int requests)
    {
        lock (_lock) silo.Others = (Math.Max(0, requests - (silo.Uses - 1)), time.GetTimestamp());
    }

    /// <summary>It could not be reached: others go first for a while.</summary>
    public void Avoid(ModelSilo silo)
    {
        lock (_lock) silo.AvoidedAt = time.GetTimestamp();
    }

    /// <summary>Follows the view until it is cancelled: asks who comes what he serves, and breaks the calls of who has gone.</summary>
    public async Task WatchAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            ClusterView now = view.Current;
            bool isComplete = await LookAsync(now, cancellationToken).ConfigureAwait(false);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            Task changed = view.WaitForAsync(now.Number, either.Token).AsTask();
            Task pause = Task.Delay(isComplete ? Timeout.InfiniteTimeSpan : RemoteLimits.AskAgain, time, either.Token);
            Task first = await Task.WhenAny(changed, pause).ConfigureAwait(false);
            await either.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(changed, pause).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
            await first.ConfigureAwait(false);
        }
    }

    /// <summary>Brings what is known of the silos up to a view.</summary>
    /// <returns>False when some have not answered.</returns>
    public async Task<bool> LookAsync(ClusterView now, CancellationToken cancellationToken)
    {
        ImmutableArray<SiloMember> members = [.. now.Silos.Where(s => s.Roles.HasFlag(SiloRoles.Model))];
        List<ModelSilo> gone = [];
        List<SiloMember> unknown;
        lock (_lock)
        {
            foreach (ModelSilo silo in _silos.Values.Where(s => members.All(m => m.Incarnation != s.Incarnation)).ToArray())
            {
                _silos.Remove(silo.Incarnation);
                gone.Add(silo);
            }

            unknown = [.. members.Where(m => !m.IsDraining && !_silos.ContainsKey(m.Incarnation))];
        }

        foreach (ModelSilo silo in gone) await silo.EndAsync().ConfigureAwait(false);
        bool[] answered = await Task.WhenAll(unknown.Select(member => AskAsync(member, cancellationToken))).ConfigureAwait(false);
        return answered.All(a => a);
    }

    private async Task<bool> AskAsync(SiloMember member, CancellationToken cancellationToken)
    {
        try
        {
            using RemoteLink link = await RemoteLink.OpenAsync(links, member.Address, LinkChannel.Model, cancellationToken).ConfigureAwait(false);
            await link.SendAsync(ModelFrameKind.Call, new ModelCall(ModelVerb.Describe), ModelCallCodec.Write, cancellationToken).ConfigureAwait(false);
            LinkFrame? answer = await link.ReceiveAsync(cancellationToken).ConfigureAwait(false);
            if (answer is not { Kind: ModelFrameKind.Description } frame) return false;
            (ModelDescription model, int places) = DescriptionCodec.Read(frame.Payload.Span);
            lock (_lock)
            {
                if (_model is null) Volatile.Write(ref _model, model);
                _silos.TryAdd(member.Incarnation, new ModelSilo(member, model.Fingerprint, Math.Max(1, places)));
            }

            return true;
        }
        catch (Exception error) when (error is ElsewhereException or LatentDbException or MemoryStore.MessagePack.MessagePackFormatException)
        {
            return false; // Not there yet, or still loading: asked again.
        }
    }

    /// <summary>Ours of this moment, and those of others as the silo said a moment ago; when it has not, all of them as the membership has them.</summary>
    private double RequestsAt(ModelSilo silo, ClusterView now)
    {
        if (silo.Others is { } heard && time.GetElapsedTime(heard.At) < RemoteLimits.PressureLife) return silo.Uses + heard.Requests;
        return Math.Max(silo.Uses, (now.Find(silo.Name)?.Load ?? 0) * silo.Places);
    }

    private bool IsAvoided(ModelSilo silo) => silo.AvoidedAt is long at && time.GetElapsedTime(at) < RemoteLimits.AvoidFor;

    /// <summary>One request at one silo.</summary>
    internal sealed class SiloUse : IDisposable
    {
        private readonly ModelSilos _owner;

        /// <summary>Called under the lock.</summary>
        public SiloUse(ModelSilos owner, ModelSilo silo)
        {
            _owner = owner;
            Silo = silo;
            silo.Uses++;
        }

        public ModelSilo Silo { get; }

        public void Dispose()
        {
            lock (_owner._lock) Silo.Uses--;
        }
    }
}

/// <summary>A process that serves a model. Counts are guarded by the lock of <see cref="ModelSilos"/>.</summary>
internal sealed class ModelSilo : IDisposable
{
    private readonly SiloMember _member;
    private readonly CancellationTokenSource _gone = new();

    public ModelSilo(SiloMember member, ModelFingerprint fingerprint, int places)
    {
        _member = member;
        Fingerprint = fingerprint;
        Places = places;
        Gone = _gone.Token;
    }

    public string Name => _member.Name;

    public Guid Incarnation => _member.Incarnation;

    public string Address => _member.Address;

    public ModelFingerprint Fingerprint { get; }

    public int Places { get; }

    /// <summary>Requests of this process that are at it.</summary>
    public int Uses { get; set; }

    /// <summary>Requests of other silos at it, and when it said so.</summary>
    public (int Requests, long At)? Others { get; set; }

    /// <summary>When it could not be reached the last time.</summary>
    public long? AvoidedAt { get; set; }

    /// <summary>Cancelled when the view no longer has it: its calls would wait for ever when only its network is gone.</summary>
    public CancellationToken Gone { get; }

    /// <summary>It has left the view.</summary>
    public async Task EndAsync()
    {
        await _gone.CancelAsync().ConfigureAwait(false);
        Dispose();
    }

    public void Dispose() => _gone.Dispose();
}
