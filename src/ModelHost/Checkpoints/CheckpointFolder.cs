using System.Collections.Immutable;
using LatentDb.ModelHost.Checkpoints.Safetensors;
using LatentDb.ModelHost.Tokenizers;

namespace LatentDb.ModelHost.Checkpoints;

/// <summary>A checkpoint in Hugging Face layout, open and checked as a whole: config.json, the tensors in one file or in shards, tokenizer.json.</summary>
/// <remarks>Owns the mapped files. Everything that reads tensors lazily (embeddings, genesis) needs it open.</remarks>
internal sealed class CheckpointFolder : IDisposable
{
    private const string ConfigName = "config.json";
    private const string TokenizerName = "tokenizer.json";
    private const string SingleName = "model.safetensors";

    private readonly ImmutableArray<SafetensorsFile> _files;

    private CheckpointFolder(string folder, ReadOnlyMemory<byte> configJson, ReadOnlyMemory<byte>? tokenizerJson, ImmutableArray<SafetensorsFile> files)
    {
        FolderPath = folder;
        ConfigJson = configJson;
        TokenizerJson = tokenizerJson;
        Config = ModelConfigReader.Parse(Path.Combine(folder, ConfigName), configJson);
        Tensors = IndexTensors(files);
        HasAdapters = TensorInventory.Check(folder, Config, Tensors);
        _files = files;
    }

    public string FolderPath { get; }

    /// <summary>Last part of the path: how the model is called in messages and descriptions.</summary>
    public string Name => Path.GetFileName(Path.TrimEndingDirectorySeparator(FolderPath));

    /// <summary>config.json as it is on disk.</summary>
    public ReadOnlyMemory<byte> ConfigJson { get; }

    /// <summary>tokenizer.json as it is on disk; null when the folder has none (test checkpoints that are fed ids).</summary>
    public ReadOnlyMemory<byte>? TokenizerJson { get; }

    public ModelConfig Config { get; }

    /// <summary>All tensors of all files, by name.</summary>
    public ImmutableSortedDictionary<string, StoredTensor> Tensors { get; }

    /// <summary>false when there is no lora_config, or when an export without a read adapter has merged its only one into the weights (MemoryLLM-7B).</summary>
    public bool HasAdapters { get; }

    /// <summary>Numbers that are weights: memory and what is ignored are not counted.</summary>
    public long ParameterCount => Tensors.Values.Where(t => !TensorNames.IsMemory(t.Name) && !TensorNames.IsIgnored(t.Name)).Sum(t => t.Elements);

    /// <summary>A tensor that <see cref="TensorInventory"/> has found.</summary>
    public StoredTensor this[string name] => Tensors[name];

    /// <param name="folder">Holds config.json.</param>
    /// <param name="weightsPath">A safetensors file elsewhere, when several configurations share one; null = in the folder.</param>
    /// <exception cref="MemoryStore.Errors.LatentDbException">checkpoint_invalid, naming file and tensor or key.</exception>
    public static CheckpointFolder Open(string folder, string? weightsPath = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        string path = Path.GetFullPath(folder);
        if (!Directory.Exists(path)) throw CheckpointErrors.Invalid(path, "there is no such folder.");
        ReadOnlyMemory<byte> config = ReadSmallFile(Path.Combine(path, ConfigName));
        string tokenizerPath = Path.Combine(path, TokenizerName);
        ReadOnlyMemory<byte>? tokenizer = File.Exists(tokenizerPath) ? ReadSmallFile(tokenizerPath) : default(ReadOnlyMemory<byte>?);

        ImmutableArray<SafetensorsFile> files = OpenFiles(path, weightsPath);
        try
        {
            return new CheckpointFolder(path, config, tokenizer, files);
        }
        catch
        {
            foreach (SafetensorsFile file in files) file.Dispose();
            throw;
        }
    }

    /// <summary>Reads tokenizer.json and checks that the model has an embedding for every id.</summary>
    /// <exception cref="MemoryStore.Errors.LatentDbException">checkpoint_invalid: missing, damaged, not supported, or larger than the model.</exception>
    public Tokenizer LoadTokenizer()
    {
        string path = Path.Combine(FolderPath, TokenizerName);
        if (TokenizerJson is not { } json) throw CheckpointErrors.Invalid(path, "the checkpoint has no tokenizer, and text cannot be read without one.");
        Tokenizer tokenizer = Tokenizer.Load(path, json);
        if (tokenizer.VocabularySize <= Config.VocabularySize) return tokenizer;
        throw CheckpointErrors.Invalid(path, $"has ids up to {tokenizer.VocabularySize - 1}; the vocab_size of config.json is {Config.VocabularySize}.");
    }

    public void Dispose()
    {
        foreach (SafetensorsFile file in _files) file.Dispose();
    }

    private static ImmutableArray<SafetensorsFile> OpenFiles(string folder, string? weightsPath)
    {
        string single = weightsPath ?? Path.Combine(folder, SingleName);
        string indexPath = Path.Combine(folder, SafetensorsIndex.FileName);
        if (weightsPath is not null || !File.Exists(indexPath)) return [SafetensorsFile.Open(single)];
        if (File.Exists(single)) throw CheckpointErrors.Invalid(folder, $"holds both {SingleName} and {SafetensorsIndex.FileName}; remove the one that does not count.");

        SafetensorsIndex index = SafetensorsIndex.Parse(indexPath, ReadSmallFile(indexPath));
        var files = new List<SafetensorsFile>();
        try
        {
            foreach (string shard in index.Shards)
            {
                files.Add(SafetensorsFile.Open(Path.Combine(folder, shard)));
                index.Check(indexPath, shard, files[^1].Header);
            }

            return [.. files];
        }
        catch
        {
            files.ForEach(f => f.Dispose());
            throw;
        }
    }

    private static ImmutableSortedDictionary<string, StoredTensor> IndexTensors(ImmutableArray<SafetensorsFile> files)
    {
        var tensors = ImmutableSortedDictionary.CreateBuilder<string, StoredTensor>(StringComparer.Ordinal);
        foreach (SafetensorsFile file in files)
        {
            foreach (SafetensorsEntry entry in file.Header.Entries) tensors.Add(entry.Name, new StoredTensor(file, entry));
        }

        return tensors.ToImmutable();
    }

    private static ReadOnlyMemory<byte> ReadSmallFile(string path)
    {
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            if (stream.Length > CheckpointLimits.MaxJsonBytes) throw CheckpointErrors.Invalid(path, $"{stream.Length} bytes; at most {CheckpointLimits.MaxJsonBytes} are allowed.");
            byte[] bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CheckpointErrors.Invalid(path, "the file cannot be read.", e);
        }
    }
}
