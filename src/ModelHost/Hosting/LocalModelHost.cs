using System.Diagnostics;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Tensors;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Checkpoints;
using LatentDb.ModelHost.Compute;
using LatentDb.ModelHost.Contracts;
using LatentDb.ModelHost.Model;
using LatentDb.ModelHost.Paging;
using LatentDb.ModelHost.Scheduling;
using LatentDb.ModelHost.Telemetry;
using LatentDb.ModelHost.Tokenizers;

namespace LatentDb.ModelHost.Hosting;

/// <summary>The model host of this process: one checkpoint, one back end, many memories. Thread-safe.</summary>
internal sealed class LocalModelHost : IModelHost, IDisposable
{
    private const int ConcurrentLoads = 8;

    private readonly ModelHostOptions _options;
    private readonly TimeProvider _time;
    private readonly CheckpointFolder _folder;
    private readonly IComputeBackend _backend;
    private readonly MemoryModel _model;
    private readonly Tokenizer _tokenizer;
    private readonly ChatTemplate _template;
    private readonly InjectText _injectText;
    private readonly MemoryPager _pager;
    private readonly PromptCache _prompts;
    private readonly BatchScheduler _scheduler;
    private readonly LoopTelemetry _loopTelemetry = new();
    private readonly ModelTelemetry _telemetry;
    private readonly ModelDescription _description;

    private LocalModelHost(
        ModelHostOptions options, TimeProvider time, CheckpointFolder folder, IComputeBackend backend, MemoryModel model, ModelFingerprint fingerprint)
    {
        _options = options;
        _time = time;
        _folder = folder;
        _backend = backend;
        _model = model;
        _tokenizer = folder.LoadTokenizer();
        _template = ChatTemplate.For(_tokenizer, folder.Config.EosTokenIds);
        _injectText = new InjectText(folder.Config, _tokenizer, _template, options);
        ModelDimensions size = model.Dimensions;
        _pager = new MemoryPager(backend, new SliceGeometry(size.KvWidth, size.KeySize, size.D, model.Encoder.Storage), new PagerOptions(options.ResidentBytes, ConcurrentLoads) { HostBytes = options.HostBytes });
        _prompts = new PromptCache(options.PromptCacheBytes);
        _scheduler = new BatchScheduler(new SchedulerOptions(options.MaxActive, options.MaxWaiting, size.L), new AnswerDecoder(model), time, _loopTelemetry);
        var load = new ModelLoad(
            () => _scheduler.Active, _scheduler.WaitingOf, () => _scheduler.Refused, () => _prompts.Bytes, () => _pager.ResidentBytes, options.ResidentBytes, () => _pager.OutstandingPins, () => _pager.Evictions);
        _telemetry = new ModelTelemetry(load, options.TraceText);
        _description = Describe(fingerprint);
    }

    public bool IsReady => true;

    public ModelPressure Pressure => new(_scheduler.Active + _scheduler.Waiting, _options.MaxActive);

    public TimeSpan ComputesFor => _scheduler.BusyFor;

    /// <summary>Bytes of memory rows that are resident now.</summary>
    public long ResidentBytes => _pager.ResidentBytes;

    /// <summary>Bytes of prompts that are kept for later ones.</summary>
    public long PromptBytes => _prompts.Bytes;

    /// <summary>Requests that have a place; zero when none runs.</summary>
    public int ActiveRequests => _scheduler.Active;

    /// <summary>Pins not given back; zero when no request runs.</summary>
    public long OutstandingPins => _pager.OutstandingPins;

    /// <summary>Opens the checkpoint, loads its weights and computes its fingerprint.</summary>
    /// <exception cref="LatentDbException">checkpoint_invalid, configuration_invalid.</exception>
    public static LocalModelHost Load(ModelHostOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        options.Check();
        List<IDisposable> owned = [];
        try
        {
            CheckpointFolder folder = CheckpointFolder.Open(options.Model);
            owned.Add(folder);
            IComputeBackend backend = BackendFactory.Create(options.Backend, options.Threads > 0 ? options.Threads : Environment.ProcessorCount);
            owned.Add(backend);
            InverseFrequencyRounding rounding = options.RopeRounding == "bf16" ? InverseFrequencyRounding.BFloat16 : InverseFrequencyRounding.None;
            var weights = new WeightLoadOptions
            {
                Storage = options.Weights switch { "f32" => ElementType.F32, "bf16" => ElementType.BF16, "int8" => ElementType.I8, _ => null },
                FrequencyRounding = rounding,
            };
            MemoryModel model = MemoryModel.Load(folder, backend, weights, null, CompatibilityMode.None, cancellationToken);
            owned.Add(model);
            ModelFingerprint fingerprint = FingerprintBuilder.Compute(folder, rounding, options.Weights == "int8", cancellationToken);
            return new LocalModelHost(options, time, folder, backend, model, fingerprint);
        }
        catch
        {
            owned.Reverse();
            owned.ForEach(o => o.Dispose());
            throw;
        }
    }

    public ModelDescription Describe() => _description;

    public Task<Manifest> WriteGenesisAsync(IBlockSink sink, CancellationToken cancellationToken) => _model.Genesis.WriteAsync(sink, cancellationToken);

    public Task<InjectOutcome> InjectAsync(InjectRequest request, CancellationToken cancellationToken)
    {
        CheckFingerprint(request.Head);
        var clock = new StageClock(_time);
        InjectTokens text;
        using (Activity? span = _telemetry.BeginTokenize(request.Text))
        {
            text = _injectText.Prepare(request.Text);
            span?.SetTag("latentdb.tokens", text.Ids.Length);
        }

        return new InjectRun(_model, _pager, _scheduler, _telemetry, _time).RunAsync(request, text, clock.Lap(), cancellationToken);
    }

    public IAsyncEnumerable<GenerationEvent> QueryAsync(QueryRequest request, CancellationToken cancellationToken)
    {
        CheckFingerprint(request.Version);
        var clock = new StageClock(_time);
        int[] prompt;
        using (Activity? span = _telemetry.BeginTokenize(request.Prompt))
        {
            prompt = _template.LayOutPrompt(request.Prompt);
            span?.SetTag("latentdb.tokens", prompt.Length);
        }

        CheckLengths(request, prompt.Length);
        return new QueryRun(_model, _tokenizer, _template, _pager, _prompts, _scheduler, _telemetry, _time).RunAsync(request, prompt, clock.Lap(), cancellationToken);
    }

    public void Prefetch(PrefetchRequest request, CancellationToken cancellationToken)
    {
        if (request.Version.Version.Fingerprint != _description.Fingerprint) return;
        _pager.Prefetch(request.Version.Manifest, request.Source, request.Flow, cancellationToken);
    }

    public void Forget(MemoryUid memory)
    {
        _prompts.Forget(memory);
        _pager.Forget(memory);
    }

    public void Dispose()
    {
        _scheduler.Dispose();
        _telemetry.Dispose();
        _loopTelemetry.Dispose();
        _prompts.Dispose();
        _pager.Dispose();
        _model.Dispose();
        _backend.Dispose();
        _folder.Dispose();
    }

    private void CheckFingerprint(VersionedManifest version)
    {
        if (version.Version.Fingerprint == _description.Fingerprint) return;
        throw new LatentDbException(
            ErrorCode.ModelMismatch,
            $"Version {version.Version.Number} was written by model {version.Version.Fingerprint.Short}; loaded is {_description.Fingerprint.Short}.");
    }

    private void CheckLengths(QueryRequest request, int promptTokens)
    {
        if (promptTokens == 0) throw new LatentDbException(ErrorCode.InvalidRequest, "The prompt has no tokens.");
        if (request.Options.MaxTokens > _options.MaxNewTokens)
        {
            throw new LatentDbException(ErrorCode.InvalidRequest, $"max_tokens is {request.Options.MaxTokens}; this server allows {_options.MaxNewTokens}.");
        }

        // Positions count memory rows too; beyond the trained range rotary positions mean nothing.
        int room = _folder.Config.UsablePositions - _model.MaxMemoryRows(request.Version.Manifest) - request.Options.MaxTokens;
        if (promptTokens > room) throw new LatentDbException(ErrorCode.TextTooLong, $"The prompt has {promptTokens} tokens; with max_tokens {request.Options.MaxTokens} there is room for {Math.Max(0, room)}.");
    }

    private ModelDescription Describe(ModelFingerprint fingerprint) => new(
        _folder.Name,
        fingerprint,
        _folder.Config.Family == ModelFamily.MPlus ? "mplus" : "memoryllm",
        _folder.ParameterCount,
        _model.Dimensions.L,
        _model.Dimensions.D,
        _model.Dimensions.K,
        _model.Dimensions.N,
        _model.Dimensions.R,
        _folder.Config.MaxChunkTokens,
        ModelConfig.MinChunkTokens,
        _model.Dimensions.Vocabulary,
        _model.Encoder.RowBytes * _model.Dimensions.K * _model.Dimensions.L,
        _backend.Name);
}
